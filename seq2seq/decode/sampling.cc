#include "seq2seq/decode/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/data/packed.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

/// An unfinished output.
struct Draft {
  size_t source = 0;
  uint64_t key = 0;  // for its random numbers: from the source's words and the draft's number
  OutputLength length;
  std::vector<int64_t> prefix;
  Hypothesis output;
};

uint64_t key_of(const std::vector<int64_t>& source, int64_t number) {
  constexpr uint64_t prime = 0x100000001b3;  // of the hash FNV-1a, 64 bits
  uint64_t key = 0xcbf29ce484222325;
  for (const int64_t id : source) key = (key ^ static_cast<uint64_t>(id)) * prime;
  return (key ^ static_cast<uint64_t>(number)) * prime;
}

/// Draws the next word from log-probabilities; those of banned words are minus infinity.
class WordDraw {
 public:
  explicit WordDraw(const SampleOptions& options) : options_(options), stream_(options.seed, Purpose::sampling) {}

  int64_t draw(std::span<const double> scores, uint64_t key, int64_t position) {
    weigh(scores);
    const double sum = cut_off();
    double left = stream_.uniform(key, static_cast<uint32_t>(position)) * sum;
    for (const auto& [word, weight] : words_) {
      left -= weight;
      if (left < 0) return word;
    }
    return words_.front().word;  // rounding error of the sum
  }

 private:
  struct Weighted {
    int64_t word;
    double weight;
  };

  /// Weights in proportion to p^(1/temperature), the largest 1.
  void weigh(std::span<const double> scores) {
    const double largest = *std::ranges::max_element(scores);
    TORCH_CHECK(largest > impossible, "a draw needs a word that may be written");
    words_.clear();
    for (size_t word = 0; word < scores.size(); ++word) {
      if (scores[word] == impossible) continue;
      const double weight = std::exp((scores[word] - largest) / options_.temperature);
      if (weight > 0) words_.push_back({static_cast<int64_t>(word), weight});
    }
  }

  /// Removes the words that must not be drawn, and returns the sum of the remaining weights.
  double cut_off() {
    const auto heavier = [](const Weighted& a, const Weighted& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.word < b.word;
    };
    if (options_.top_k > 0 && std::ssize(words_) > options_.top_k) {
      std::ranges::nth_element(words_, words_.begin() + options_.top_k, heavier);
      words_.resize(static_cast<size_t>(options_.top_k));
    }
    if (options_.top_k > 0 || options_.top_p < 1) std::ranges::sort(words_, heavier);
    if (options_.top_p < 1) {
      const double wanted = options_.top_p * sum();
      double held = 0;
      size_t kept = 0;
      while (kept < words_.size() && held < wanted) held += words_[kept++].weight;
      words_.resize(std::max<size_t>(kept, 1));
    }
    if (options_.epsilon > 0) {
      const double least = options_.epsilon * sum();
      const auto best = *std::ranges::min_element(words_, heavier);
      std::erase_if(words_, [least](const Weighted& each) { return each.weight < least; });
      if (words_.empty()) words_.push_back(best);
    }
    return sum();
  }

  double sum() const {
    return std::accumulate(words_.begin(), words_.end(), 0.0,
                           [](double sum, const Weighted& each) { return sum + each.weight; });
  }

  const SampleOptions& options_;
  RandomStream stream_;
  std::vector<Weighted> words_;
};

/// Draws until every draft has ended or is cut.
class Drawer {
 public:
  Drawer(const Predictor& predictor, const Drawing& drawing)
      : predictor_(predictor), words_(drawing.sample), never_(never_written(drawing.allow_unknown)) {}

  void run(const Sources& sources, std::vector<Draft>& drafts) {
    const auto state = predictor_.start(sources);
    std::vector<Draft*> live;
    std::vector<int64_t> survivors, tokens;
    for (auto& draft : drafts) {
      live.push_back(&draft);
      survivors.push_back(static_cast<int64_t>(draft.source));
      tokens.push_back(text::start_id);
    }
    while (!live.empty()) {
      predictor_.read(*state, at::tensor(survivors), at::tensor(tokens));
      std::vector<Draft*> next;
      survivors.clear();
      tokens.clear();
      for (int64_t first = 0; first < std::ssize(live); first += probability_rows) {
        const int64_t count = std::min(probability_rows, std::ssize(live) - first);
        const auto scores = predictor_.log_probabilities(*state, first, count).to(at::kCPU).contiguous();  // [count, V]
        for (int64_t row = 0; row < count; ++row) {
          auto& draft = *live[static_cast<size_t>(first + row)];
          if (!extend(draft,
                      {scores.const_data_ptr<double>() + row * scores.size(1), static_cast<size_t>(scores.size(1))}))
            continue;
          next.push_back(&draft);
          survivors.push_back(first + row);
          tokens.push_back(draft.output.ids.back());
        }
      }
      live = std::move(next);
    }
  }

 private:
  /// Returns false once the draft has ended or is cut.
  bool extend(Draft& draft, std::span<const double> scores) {
    auto& output = draft.output;
    const int64_t written = std::ssize(output.ids);
    check_is_number(scores[text::end_id]);  // one NaN among the logits makes all probabilities NaN
    open_.assign(scores.begin(), scores.end());
    for (int64_t i = 0; i < never_.size(0); ++i)
      open_[static_cast<size_t>(never_.const_data_ptr<int64_t>()[i])] = impossible;
    if (written < draft.length.shortest) open_[text::end_id] = impossible;
    const bool forced = written < std::ssize(draft.prefix);
    const int64_t word = forced ? draft.prefix[static_cast<size_t>(written)] : words_.draw(open_, draft.key, written);
    if (word != text::end_id && written == draft.length.longest) {
      output.cut = true;
      return false;
    }
    output.token_scores.push_back(scores[static_cast<size_t>(word)]);
    output.score += output.token_scores.back();
    if (word != text::end_id) output.ids.push_back(word);
    return word != text::end_id;
  }

  const Predictor& predictor_;
  WordDraw words_;
  nn::Ids never_;
  std::vector<double> open_;  // log-probabilities of a draft, minus infinity for words that must not come next
};

}  // namespace

void declare(config::Keys& keys, SampleOptions& options) {
  keys.add("temperature", options.temperature, "below 1 favours probable words, above 1 improbable ones").above(0);
  keys.add("top_k", options.top_k, "draw only from this many most probable words; 0: from all").at_least(0);
  keys.add("top_p", options.top_p, "draw only from the fewest words that together have this probability; 1: from all")
      .above(0)
      .at_most(1);
  keys.add("epsilon", options.epsilon, "draw no word below this probability, except the most probable one")
      .at_least(0)
      .below(1);
  keys.add("seed", options.seed, "seed of the draws, which also depend on the words of the source");
}

std::vector<std::vector<Hypothesis>> draw_samples(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths, const Drawing& drawing,
                                                  const std::vector<OutputConstraints>& constraints) {
  if (lengths.empty()) return {};
  TORCH_CHECK(std::ranges::all_of(constraints,
                                  [](const OutputConstraints& constraints) { return constraints.phrases.empty(); }),
              "draws cannot be made to have a phrase");
  std::vector<Draft> drafts;
  const auto read = data::unpack(sources.readings.front());
  for (size_t source = 0; source < lengths.size(); ++source)
    for (int64_t number = 0; number < drawing.draws; ++number)
      drafts.push_back({.source = source,
                        .key = key_of(read[source], number),
                        .length = lengths[source],
                        .prefix = constraints.empty() ? std::vector<int64_t>() : constraints[source].prefix,
                        .output = {}});
  Drawer(predictor, drawing).run(sources, drafts);
  std::vector<std::vector<Hypothesis>> outputs(lengths.size());
  for (auto& draft : drafts) {
    draft.output.ranking_score =
        drawing.normalization.ranking_score(draft.output.score, std::ssize(draft.output.token_scores));
    outputs[draft.source].push_back(std::move(draft.output));
  }
  for (auto& list : outputs) std::ranges::stable_sort(list, better);
  return outputs;
}

}  // namespace seq2seq::decode
