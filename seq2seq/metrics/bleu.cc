#include "seq2seq/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {
namespace {

constexpr std::size_t kOrders = BleuCounts::orders;
using Ngram = std::array<int, kOrders>;  // numbers of words, from 1; 0 after the last word
using NgramCounts = std::map<Ngram, int64_t>;

/// Numbers the words of one sentence and its references.
class Words {
 public:
  std::vector<int> number(std::string_view line, const BleuOptions& options) {
    std::vector<int> numbers;
    const auto text = options.lowercase ? lower_case(line) : std::string(line);
    const auto words = options.blanks == Blanks::ascii ? split_at_ascii_blanks(text)
                                                       : split_words(tokenize_for_bleu(text, options.tokenizer));
    for (const auto& word : words) {
      numbers.push_back(names_.emplace(word, static_cast<int>(names_.size()) + 1).first->second);
    }
    return numbers;
  }

 private:
  std::unordered_map<std::string, int> names_;
};

NgramCounts count_ngrams(const std::vector<int>& words, std::size_t order) {
  NgramCounts counts;
  for (std::size_t first = 0; first + order <= words.size(); ++first) {
    Ngram ngram{};
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(first), order, ngram.begin());
    ++counts[ngram];
  }
  return counts;
}

int64_t nearest_length(int64_t hypothesis, const std::vector<std::vector<int>>& references) {
  int64_t nearest = std::ssize(references.front());
  for (const auto& reference : references) {
    const int64_t length = std::ssize(reference);
    const auto distance = std::abs(length - hypothesis), least = std::abs(nearest - hypothesis);
    if (distance < least || (distance == least && length < nearest)) nearest = length;
  }
  return nearest;
}

std::string_view name(Smoothing smoothing) {
  switch (smoothing) {
    case Smoothing::none:
      return "none";
    case Smoothing::exponential:
      return "exp";
    case Smoothing::floor:
      return "floor[0.10]";
    case Smoothing::add_one:
      return "add-k[1.00]";
  }
  return {};
}

}  // namespace

std::string bleu_settings(const BleuOptions& options) {
  return fmt::format("case:{}|eff:no|tok:{}|smooth:{}", options.lowercase ? "lc" : "mixed", name_of(options.tokenizer),
                     name(options.smoothing));
}

BleuOptions bleu_options(const MetricOptions& options) {
  return {.tokenizer = options.bleu_tokenizer, .lowercase = options.lowercase};
}

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (std::size_t n = 0; n < kOrders; ++n) {
    matches[n] += other.matches[n];
    ngrams[n] += other.ngrams[n];
  }
  hypothesis_tokens += other.hypothesis_tokens;
  reference_tokens += other.reference_tokens;
  return *this;
}

bool lacks_four_grams(const BleuCounts& counts, int64_t sentences) {
  const bool one_word_each = counts.reference_tokens <= sentences;
  const bool mostly_shorter = counts.reference_tokens < BleuCounts::orders * sentences;
  return one_word_each || (mostly_shorter && counts.ngrams[kOrders - 1] == 0);
}

std::string Bleu::text() const {
  const double ratio = counts.reference_tokens == 0 ? 0
                                                    : static_cast<double>(counts.hypothesis_tokens) /
                                                          static_cast<double>(counts.reference_tokens);
  return fmt::format("BLEU = {:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len = {})",
                     score, precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, ratio,
                     counts.hypothesis_tokens, counts.reference_tokens);
}

BleuCounts count_bleu(std::string_view hypothesis, const std::vector<std::string>& references,
                      const BleuOptions& options) {
  if (references.empty()) throw Error("a sentence without a reference has no BLEU");
  Words words;
  const auto tokens = words.number(hypothesis, options);
  std::vector<std::vector<int>> reference_tokens;
  for (const auto& reference : references) reference_tokens.push_back(words.number(reference, options));

  BleuCounts counts;
  counts.hypothesis_tokens = std::ssize(tokens);
  counts.reference_tokens = nearest_length(std::ssize(tokens), reference_tokens);
  for (std::size_t n = 0; n < kOrders; ++n) {
    NgramCounts most;  // largest count in one reference
    for (const auto& reference : reference_tokens) {
      for (const auto& [ngram, count] : count_ngrams(reference, n + 1)) most[ngram] = std::max(most[ngram], count);
    }
    for (const auto& [ngram, count] : count_ngrams(tokens, n + 1)) {
      counts.ngrams[n] += count;
      if (const auto found = most.find(ngram); found != most.end()) counts.matches[n] += std::min(count, found->second);
    }
  }
  return counts;
}

Bleu bleu_of(const BleuCounts& counts, Smoothing smoothing, Orders orders) {
  Bleu bleu;
  bleu.counts = counts;
  const auto hypothesis = static_cast<double>(counts.hypothesis_tokens),
             reference = static_cast<double>(counts.reference_tokens);
  bleu.brevity_penalty = 1;
  if (hypothesis < reference) bleu.brevity_penalty = hypothesis > 0 ? std::exp(1 - reference / hypothesis) : 0;
  if (counts.matches == decltype(counts.matches){}) return bleu;  // nothing to smooth

  std::size_t counted = kOrders;
  while (orders == Orders::effective && counts.ngrams[counted - 1] == 0) --counted;
  double halved = 1, logarithms = 0;
  for (std::size_t n = 0; n < counted; ++n) {
    const double added = smoothing == Smoothing::add_one && n > 0 ? 1 : 0;
    const double matches = static_cast<double>(counts.matches[n]) + added;
    const double ngrams = static_cast<double>(counts.ngrams[n]) + added;
    if (ngrams > 0 && matches > 0) {
      bleu.precisions[n] = 100 * matches / ngrams;
    } else if (ngrams > 0 && smoothing == Smoothing::exponential) {
      bleu.precisions[n] = 100 / ((halved *= 2) * ngrams);
    } else if (ngrams > 0 && smoothing == Smoothing::floor) {
      bleu.precisions[n] = 100 * 0.1 / ngrams;
    }
    logarithms += std::log(bleu.precisions[n]);  // of 0: -inf, which makes the score 0
  }
  bleu.score = bleu.brevity_penalty * std::exp(logarithms / static_cast<double>(counted));
  return bleu;
}

Bleu corpus_bleu(const std::vector<std::string>& hypotheses, const References& references, const BleuOptions& options) {
  if (hypotheses.size() != references.size()) {
    throw Error(fmt::format("{} hypotheses, but references for {} sentences", hypotheses.size(), references.size()));
  }
  if (hypotheses.empty()) throw Error("the BLEU of no sentences is undefined");
  BleuCounts counts;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    if (references[i].empty()) throw Error(fmt::format("sentence {} has no reference", i + 1));
    counts += count_bleu(hypotheses[i], references[i], options);
  }
  auto bleu = bleu_of(counts, options.smoothing);
  bleu.signature = signature(references, bleu_settings(options));
  return bleu;
}

}  // namespace seq2seq::metrics
