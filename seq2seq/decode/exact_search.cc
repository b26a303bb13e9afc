#include "seq2seq/decode/exact_search.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/decode/beam_search.h"
#include "seq2seq/decode/phrases.h"
#include "seq2seq/decode/repeats.h"
#include "seq2seq/decode/scoring_rule.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

// Partial outputs extended together: more use the hardware better, fewer improve the bound sooner.
constexpr size_t nodes_at_once = 8;

/// A partial output that may still be extended.
struct Beginning {
  int64_t parent = 0;  // its row in the block's state
  int64_t word = 0;    // its last word
  int64_t path = Paths::root;
  double token_score = 0, value = 0;
  Coverage covered = {};  // by the words before the last
  Phrases::Progress progress = {};
};

/// Returns true if `a` is extended after `b`.
bool later(const Beginning& a, const Beginning& b) {
  return std::tie(a.value, b.parent, b.word) < std::tie(b.value, a.parent, a.word);
}

/// Beginnings of one length.
struct Block {
  std::shared_ptr<const PredictorState> state;  // of the partial outputs one word shorter
  int64_t written = 0;                          // words of each
  std::vector<Beginning> nodes;                 // the next one to extend last
};

/// The source that is searched.
struct ExactSource {
  int64_t number = 0;  // in the batch
  OutputLength length;
  OutputConstraints constraints;
  std::vector<int64_t> positions;  // of its words in rows of attention, if the rule reads them
  std::vector<Hypothesis> beam;    // result of beam search
};

/// The search of one source.
class ExactSearch {
 public:
  ExactSearch(const Predictor& predictor, const DecodeOptions& options, ExactSource source)
      : predictor_(predictor),
        options_(options),
        rule_(scoring_rule(options)),
        source_(std::move(source)),
        phrases_(source_.constraints.phrases),
        never_(nn::on_host(never_written(options.allow_unknown))) {
    for (const auto& hypothesis : source_.beam)
      if (!hypothesis.cut) best_.push_back(hypothesis);
  }

  /// `started`: the state of a batch before it has read a word.
  std::vector<Hypothesis> run(std::shared_ptr<const PredictorState> started) {
    const Beginning root{.parent = source_.number, .word = text::start_id, .progress = phrases_.start()};
    blocks_.push_back({.state = std::move(started), .written = 0, .nodes = {root}});
    bool finished = true;
    while (finished && !blocks_.empty()) {
      auto nodes = take();
      if (nodes.empty()) {
        blocks_.pop_back();
        continue;
      }
      extended_ += std::ssize(nodes);
      finished = extended_ <= options_.exact_nodes;
      if (finished) extend(std::move(nodes));
    }
    return outputs(finished);
  }

 private:
  std::vector<Beginning> take() {
    auto& nodes = blocks_.back().nodes;
    std::vector<Beginning> taken;
    while (!nodes.empty() && taken.size() < nodes_at_once && !beaten(nodes.back().value)) {
      taken.push_back(std::move(nodes.back()));
      nodes.pop_back();
    }
    return taken;
  }

  void extend(std::vector<Beginning> nodes) {
    const int64_t written = blocks_.back().written;
    std::shared_ptr<const PredictorState> state = read(nodes);
    if (blocks_.back().nodes.empty()) blocks_.pop_back();
    cover(nodes, *state);
    const auto scores =
        predictor_.log_probabilities(*state, 0, std::ssize(nodes)).to(at::kCPU).contiguous();  // [nodes, V]
    const auto row_of = [&scores](size_t i) {
      const auto vocabulary = static_cast<size_t>(scores.size(1));
      return std::span(scores.const_data_ptr<double>() + i * vocabulary, vocabulary);
    };
    for (size_t i = 0; i < nodes.size(); ++i)
      if (may_end(nodes[i], written)) complete(nodes[i], row_of(i)[text::end_id]);
    if (written == source_.length.longest) return;
    Block next{.state = std::move(state), .written = written + 1, .nodes = {}};
    for (size_t i = 0; i < nodes.size(); ++i) add_children(next, nodes[i], static_cast<int64_t>(i), row_of(i));
    if (next.nodes.empty()) return;
    std::ranges::sort(next.nodes, later);
    blocks_.push_back(std::move(next));
  }

  /// Reads the last word of each node, and adds it to the node's path.
  std::unique_ptr<PredictorState> read(std::vector<Beginning>& nodes) {
    std::vector<int64_t> parents, words;
    for (auto& node : nodes) {
      parents.push_back(node.parent);
      words.push_back(node.word);
      if (blocks_.back().written > 0) node.path = paths_.add(node.path, node.word, node.token_score);
    }
    auto state = predictor_.selected(*blocks_.back().state, at::tensor(parents));
    predictor_.read(*state, at::arange(std::ssize(nodes)), at::tensor(words));
    return state;
  }

  /// Adds the attention used to predict the next words.
  void cover(std::vector<Beginning>& nodes, const PredictorState& state) const {
    if (!rule_.reads_attention()) return;
    const auto attention = predictor_.step_attention(state).to(at::kCPU, at::kDouble).contiguous();  // [nodes, S]
    const auto* row = attention.const_data_ptr<double>();
    for (auto& node : nodes) {
      node.covered = covered(node.covered, row, source_.positions);
      row += attention.size(1);
    }
  }

  bool may_end(const Beginning& node, int64_t written) const {
    return written >= source_.length.shortest && written >= std::ssize(source_.constraints.prefix) &&
           phrases_.met(node.progress);
  }

  void complete(const Beginning& node, double end_score) {
    check_is_number(end_score);
    auto hypothesis = paths_.trace(node.path);
    hypothesis.token_scores.push_back(end_score);
    hypothesis.score += end_score;
    if (hypothesis.score == -std::numeric_limits<double>::infinity()) return;
    hypothesis.ranking_score = rule_.ranking_score(node.value + rule_.token(end_score, false),
                                                   std::ssize(hypothesis.token_scores), node.covered);
    const auto same = [&hypothesis](const Hypothesis& other) { return other.ids == hypothesis.ids; };
    if (std::ranges::any_of(best_, same)) return;  // already found by beam search
    best_.insert(std::ranges::upper_bound(best_, hypothesis, better), std::move(hypothesis));
    if (std::ssize(best_) > options_.n_best) best_.pop_back();
  }

  /// `row`: its index among the nodes extended together.
  void add_children(Block& next, const Beginning& node, int64_t row, std::span<const double> scores) {
    const auto written = paths_.trace(node.path).ids;
    std::vector<bool> banned(scores.size());
    for (const int64_t word : never_) banned[static_cast<size_t>(word)] = true;
    banned[text::end_id] = true;
    if (options_.no_repeat_ngram > 0)
      for (const int64_t word : repeating_words(written, options_.no_repeat_ngram))
        banned[static_cast<size_t>(word)] = true;
    if (written.size() < source_.constraints.prefix.size()) {
      banned.assign(scores.size(), true);
      banned[static_cast<size_t>(source_.constraints.prefix[written.size()])] = false;
    }
    std::vector<bool> repeated(scores.size());
    for (const int64_t word : written) repeated[static_cast<size_t>(word)] = true;
    for (size_t word = 0; word < scores.size(); ++word) {
      if (banned[word]) continue;
      check_is_number(scores[word]);
      const double value = node.value + rule_.token(scores[word], repeated[word]);
      if (scores[word] == -std::numeric_limits<double>::infinity() || beaten(value)) continue;
      auto progress = phrases_.after(node.progress, static_cast<int64_t>(word));
      if (next.written + phrases_.words_needed(progress) > source_.length.longest) continue;
      next.nodes.push_back(
          {row, static_cast<int64_t>(word), node.path, scores[word], value, node.covered, std::move(progress)});
    }
  }

  bool beaten(double value) const {
    if (std::ssize(best_) < options_.n_best) return false;
    return rule_.bound(value, source_.length.longest + 1) < best_.back().ranking_score;
  }

  std::vector<Hypothesis> outputs(bool finished) const {
    const auto& beam = source_.beam;
    if (best_.empty()) return beam;
    auto best = best_;
    for (auto& hypothesis : best) hypothesis.proven = finished;
    best.front().missed = finished && (beam.front().cut || beam.front().ids != best.front().ids);
    return best;
  }

  const Predictor& predictor_;
  const DecodeOptions& options_;
  ScoringRule rule_;
  ExactSource source_;
  Phrases phrases_;
  std::vector<Hypothesis> best_;  // complete ones, best first
  std::vector<int64_t> never_;
  Paths paths_;
  std::vector<Block> blocks_;  // longest partial outputs last
  int64_t extended_ = 0;
};

}  // namespace

std::vector<std::vector<Hypothesis>> exact_search(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths,
                                                  const DecodeOptions& options,
                                                  const std::vector<OutputConstraints>& constraints) {
  if (lengths.empty()) return {};
  auto outputs = beam_search(predictor, sources, lengths, options, constraints);
  auto state = predictor.start(sources);
  const bool attends = scoring_rule(options).reads_attention();
  state->wants_attention = attends;
  const std::shared_ptr<const PredictorState> started = std::move(state);
  const auto positions = attends ? word_positions(sources) : std::vector<std::vector<int64_t>>(lengths.size());
  for (size_t source = 0; source < outputs.size(); ++source) {
    ExactSearch search(predictor, options,
                       {.number = static_cast<int64_t>(source),
                        .length = lengths[source],
                        .constraints = constraints.empty() ? OutputConstraints() : constraints[source],
                        .positions = positions[source],
                        .beam = std::move(outputs[source])});
    outputs[source] = search.run(started);
  }
  return outputs;
}

}  // namespace seq2seq::decode
