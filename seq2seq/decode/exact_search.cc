#include "seq2seq/decode/exact_search.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/decode/repeats.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

// Beginnings extended together: more use the machine better, fewer improve the bound sooner.
constexpr size_t nodes_at_once = 8;

/// A beginning of an output that may still be extended.
struct Beginning {
  int64_t parent = 0;  // its row among those that the block's state has read
  int64_t word = 0;    // its last
  int64_t path = Paths::root;
  double token_score = 0, score = 0;
};

/// True if `a` is extended after `b`.
bool later(const Beginning& a, const Beginning& b) {
  return std::tie(a.score, b.parent, b.word) < std::tie(b.score, a.parent, a.word);
}

/// Beginnings of one length.
struct Block {
  std::shared_ptr<const PredictorState> state;  // of the beginnings that are one word shorter
  int64_t written = 0;                          // words of each
  std::vector<Beginning> nodes;                 // the next one last
};

/// The search of one source.
class ExactSearch {
 public:
  ExactSearch(const Predictor& predictor, const DecodeOptions& options, const OutputLength& length,
              std::vector<Hypothesis> beam)
      : predictor_(predictor), options_(options), length_(length), beam_(std::move(beam)) {
    const auto never = never_written(options.allow_unknown);
    never_.assign(never.const_data_ptr<int64_t>(), never.const_data_ptr<int64_t>() + never.numel());
    for (const auto& hypothesis : beam_)
      if (!hypothesis.cut) best_.push_back(hypothesis);
  }

  /// `started`: the state of a batch that has read nothing; `source`: its number there.
  std::vector<Hypothesis> run(std::shared_ptr<const PredictorState> started, int64_t source) {
    blocks_.push_back({.state = std::move(started), .written = 0, .nodes = {{source, text::start_id}}});
    bool finished = true;
    while (finished && !blocks_.empty()) {
      const auto nodes = take();
      if (nodes.empty()) {
        blocks_.pop_back();
        continue;
      }
      extended_ += std::ssize(nodes);
      finished = extended_ <= options_.exact_nodes;
      if (finished) extend(nodes);
    }
    return outputs(finished);
  }

 private:
  std::vector<Beginning> take() {
    auto& nodes = blocks_.back().nodes;
    std::vector<Beginning> taken;
    while (!nodes.empty() && taken.size() < nodes_at_once && !beaten(nodes.back().score)) {
      taken.push_back(nodes.back());
      nodes.pop_back();
    }
    return taken;
  }

  void extend(const std::vector<Beginning>& nodes) {
    const auto& block = blocks_.back();
    const int64_t written = block.written;
    std::vector<int64_t> parents, words, paths;
    for (const auto& node : nodes) {
      parents.push_back(node.parent);
      words.push_back(node.word);
      paths.push_back(written == 0 ? Paths::root : paths_.add(node.path, node.word, node.token_score));
    }
    std::shared_ptr<PredictorState> state = predictor_.selected(*block.state, at::tensor(parents));
    if (block.nodes.empty()) blocks_.pop_back();
    const auto count = std::ssize(nodes);
    predictor_.read(*state, at::arange(count), at::tensor(words));
    const auto scores = predictor_.log_probabilities(*state, 0, count).to(at::kCPU).contiguous();  // [count, V]
    const int64_t vocabulary = scores.size(1);
    const auto* row = scores.const_data_ptr<double>();
    for (size_t i = 0; i < nodes.size(); ++i)
      if (written >= length_.shortest)
        complete(nodes[i], paths[i], row[static_cast<int64_t>(i) * vocabulary + text::end_id]);
    if (written == length_.longest) return;
    Block next{.state = std::move(state), .written = written + 1, .nodes = {}};
    for (size_t i = 0; i < nodes.size(); ++i, row += vocabulary)
      add_children(next, nodes[i].score, static_cast<int64_t>(i), paths[i], row, vocabulary);
    if (next.nodes.empty()) return;
    std::ranges::sort(next.nodes, later);
    blocks_.push_back(std::move(next));
  }

  void complete(const Beginning& node, int64_t path, double end_score) {
    check_is_number(end_score);
    const double score = node.score + end_score;
    if (score == -std::numeric_limits<double>::infinity()) return;
    auto hypothesis = paths_.trace(path);
    hypothesis.token_scores.push_back(end_score);
    hypothesis.score = score;
    hypothesis.rank = options_.length_normalization.rank(score, std::ssize(hypothesis.token_scores));
    const auto same = [&hypothesis](const Hypothesis& other) { return other.ids == hypothesis.ids; };
    if (std::ranges::any_of(best_, same)) return;  // beam search found it
    best_.insert(std::ranges::upper_bound(best_, hypothesis, better), std::move(hypothesis));
    if (std::ssize(best_) > options_.n_best) best_.pop_back();
  }

  void add_children(Block& next, double score, int64_t parent, int64_t path, const double* scores, int64_t vocabulary) {
    std::vector<bool> banned(static_cast<size_t>(vocabulary));
    for (const int64_t word : never_) banned[static_cast<size_t>(word)] = true;
    banned[text::end_id] = true;
    if (options_.no_repeat_ngram > 0)
      for (const int64_t word : repeating_words(paths_.trace(path).ids, options_.no_repeat_ngram))
        banned[static_cast<size_t>(word)] = true;
    for (int64_t word = 0; word < vocabulary; ++word) {
      if (banned[static_cast<size_t>(word)]) continue;
      const double token_score = scores[word];
      check_is_number(token_score);
      if (token_score == -std::numeric_limits<double>::infinity() || beaten(score + token_score)) continue;
      next.nodes.push_back({parent, word, path, token_score, score + token_score});
    }
  }

  bool beaten(double score) const {
    if (std::ssize(best_) < options_.n_best) return false;
    return options_.length_normalization.bound(score, length_.longest + 1) < best_.back().rank;
  }

  std::vector<Hypothesis> outputs(bool finished) const {
    if (best_.empty()) return beam_;
    auto best = best_;
    for (auto& hypothesis : best) hypothesis.proven = finished;
    best.front().missed = finished && (beam_.front().cut || beam_.front().ids != best.front().ids);
    return best;
  }

  const Predictor& predictor_;
  const DecodeOptions& options_;
  OutputLength length_;
  std::vector<Hypothesis> beam_;  // what beam search found
  std::vector<Hypothesis> best_;  // complete ones, best first
  std::vector<int64_t> never_;
  Paths paths_;
  std::vector<Block> blocks_;  // the longest beginnings last
  int64_t extended_ = 0;
};

}  // namespace

std::vector<std::vector<Hypothesis>> exact_search(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths,
                                                  const DecodeOptions& options) {
  if (lengths.empty()) return {};
  auto outputs = beam_search(predictor, sources, lengths, options);
  const std::shared_ptr<const PredictorState> started = predictor.start(sources);
  for (size_t source = 0; source < outputs.size(); ++source) {
    ExactSearch search(predictor, options, lengths[source], std::move(outputs[source]));
    outputs[source] = search.run(started, static_cast<int64_t>(source));
  }
  return outputs;
}

}  // namespace seq2seq::decode
