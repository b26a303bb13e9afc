#include "seq2seq/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {
namespace {

constexpr std::size_t kOrders = BleuCounts::orders;

/// Returns the words of a line, as the options split it.
Tokens words_of(std::string_view line, const BleuOptions& options) {
  const auto text = options.lowercase ? lower_case(line) : std::string(line);
  return options.blanks == Blanks::ascii ? split_at_ascii_blanks(text)
                                         : split_words(tokenize_for_bleu(text, options.tokenizer));
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

std::size_t BleuLines::add(std::string_view line) {
  std::vector<int> words;
  for (auto& word : words_of(line, options_))
    words.push_back(words_.emplace(std::move(word), static_cast<int>(words_.size()) + 1).first->second);
  Line counted{.tokens = std::ssize(words), .ngrams = {}};
  for (std::size_t order = 1; order <= kOrders; ++order) {
    for (std::size_t first = 0; first + order <= words.size(); ++first) {
      Ngram ngram{};
      std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(first), order, ngram.begin());
      ++counted.ngrams[order - 1][ngram];
    }
  }
  lines_.push_back(std::move(counted));
  return lines_.size() - 1;
}

int64_t BleuLines::nearest_length(int64_t hypothesis, std::span<const std::size_t> references) const {
  int64_t nearest = lines_[references.front()].tokens;
  for (const auto reference : references) {
    const int64_t length = lines_[reference].tokens;
    const auto distance = std::abs(length - hypothesis), least = std::abs(nearest - hypothesis);
    if (distance < least || (distance == least && length < nearest)) nearest = length;
  }
  return nearest;
}

BleuCounts BleuLines::count(std::size_t hypothesis, std::span<const std::size_t> references) const {
  if (references.empty()) throw Error("a sentence without a reference has no BLEU");
  const Line& line = lines_[hypothesis];
  BleuCounts counts;
  counts.hypothesis_tokens = line.tokens;
  counts.reference_tokens = nearest_length(line.tokens, references);
  for (std::size_t n = 0; n < kOrders; ++n) {
    for (const auto& [ngram, count] : line.ngrams[n]) {
      int64_t most = 0;  // in one reference
      for (const auto reference : references) {
        const auto& ngrams = lines_[reference].ngrams[n];
        if (const auto found = ngrams.find(ngram); found != ngrams.end()) most = std::max(most, found->second);
      }
      counts.ngrams[n] += count;
      counts.matches[n] += std::min(count, most);
    }
  }
  return counts;
}

BleuCounts count_bleu(std::string_view hypothesis, const std::vector<std::string>& references,
                      const BleuOptions& options) {
  BleuLines lines(options);
  const auto number = lines.add(hypothesis);
  std::vector<std::size_t> numbers;
  for (const auto& reference : references) numbers.push_back(lines.add(reference));
  return lines.count(number, numbers);
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
