#include "seq2seq/run/rescore/tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "seq2seq/core/random.h"

namespace seq2seq::run {

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double sum_of_absolutes(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [](double sum, double each) { return sum + std::abs(each); });
}

/// BLEU counts that decay, and are therefore not whole numbers.
struct Background {
  std::array<double, metrics::BleuCounts::orders> matches{}, ngrams{};
  double hypothesis_tokens = 1, reference_tokens = 1;

  Background() {
    matches.fill(1);
    ngrams.fill(1);
  }

  /// Returns BLEU in [0, 1] of these counts with a sentence added, times the length of its reference, so that a gain
  /// counts in proportion to the sentence's length.
  double with(const metrics::BleuCounts& sentence) const {
    double logs = 0;
    for (size_t order = 0; order < matches.size(); ++order) {
      logs += std::log((matches[order] + static_cast<double>(sentence.matches[order])) /
                       (ngrams[order] + static_cast<double>(sentence.ngrams[order])));
    }
    const double hypothesis = hypothesis_tokens + static_cast<double>(sentence.hypothesis_tokens);
    const double reference = reference_tokens + static_cast<double>(sentence.reference_tokens);
    const double brevity = std::min(0.0, 1 - reference / hypothesis);
    return std::exp(logs / static_cast<double>(matches.size()) + brevity) * reference;
  }

  void add(const metrics::BleuCounts& sentence, double decay) {
    for (size_t order = 0; order < matches.size(); ++order) {
      matches[order] = decay * matches[order] + static_cast<double>(sentence.matches[order]);
      ngrams[order] = decay * ngrams[order] + static_cast<double>(sentence.ngrams[order]);
    }
    hypothesis_tokens = decay * hypothesis_tokens + static_cast<double>(sentence.hypothesis_tokens);
    reference_tokens = decay * reference_tokens + static_cast<double>(sentence.reference_tokens);
  }
};

/// The hypotheses that a step separates.
struct HopeAndFear {
  const Ranked* hope;
  const Ranked* fear;
  double gain;  // of hope over fear, in BLEU
};

HopeAndFear hope_and_fear(const std::vector<Ranked>& list, const std::vector<double>& weights,
                          const Background& background) {
  HopeAndFear found{&list.front(), &list.front(), 0};
  double most_hoped = -INFINITY, most_feared = -INFINITY, hope_bleu = 0, fear_bleu = 0;
  for (const auto& each : list) {
    const double score = weighted_sum(each, weights), bleu = background.with(each.bleu);
    if (score + bleu > most_hoped) {
      most_hoped = score + bleu;
      hope_bleu = bleu;
      found.hope = &each;
    }
    if (score - bleu > most_feared) {
      most_feared = score - bleu;
      fear_bleu = bleu;
      found.fear = &each;
    }
  }
  found.gain = hope_bleu - fear_bleu;
  return found;
}

/// Moves hope ahead of fear by its gain in BLEU, with the smallest step that does this, but at most `largest`.
void move(std::vector<double>& weights, const HopeAndFear& pair, double largest) {
  std::vector<double> difference = pair.hope->features;
  for (size_t i = 0; i < difference.size(); ++i) difference[i] -= pair.fear->features[i];
  const double loss = pair.gain - dot(weights, difference), norm = dot(difference, difference);
  if (loss <= 0 || norm == 0) return;
  const double step = std::min(largest, loss / norm);
  for (size_t i = 0; i < difference.size(); ++i) weights[i] += step * difference[i];
}

}  // namespace

double weighted_sum(const Ranked& hypothesis, const std::vector<double>& weights) {
  return dot(weights, hypothesis.features);
}

const Ranked& best_of(const std::vector<Ranked>& list, const std::vector<double>& weights) {
  return *std::max_element(list.begin(), list.end(), [&weights](const Ranked& a, const Ranked& b) {
    return weighted_sum(a, weights) < weighted_sum(b, weights);
  });
}

double bleu_of_best(const RankedLists& lists, const std::vector<double>& weights) {
  metrics::BleuCounts counts;
  for (const auto& list : lists)
    if (!list.empty()) counts += best_of(list, weights).bleu;
  return metrics::bleu_of(counts, metrics::BleuOptions().smoothing).score;
}

std::vector<double> tune(const RankedLists& lists, std::vector<double> start, const TuneOptions& options) {
  const double given = sum_of_absolutes(start), size = given > 0 ? given : 1;
  auto weights = start, best = start, sum = std::vector<double>(start.size());
  double best_bleu = bleu_of_best(lists, start);
  const RandomStream stream(options.seed, Purpose::sampling);
  Background background;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    for (const int64_t sentence : permutation(std::ssize(lists), stream, static_cast<uint64_t>(epoch))) {
      const auto& list = lists[static_cast<size_t>(sentence)];
      if (list.empty()) continue;
      move(weights, hope_and_fear(list, weights, background), options.step);
      background.add(best_of(list, weights).bleu, options.decay);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += weights[i];
    }
    const double bleu = bleu_of_best(lists, sum);
    if (bleu <= best_bleu) continue;
    best_bleu = bleu;
    best = sum;
  }
  const double scale = sum_of_absolutes(best) > 0 ? size / sum_of_absolutes(best) : 1;
  for (double& weight : best) weight *= scale;
  return best;
}

}  // namespace seq2seq::run
