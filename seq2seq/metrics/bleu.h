#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/references.h"

namespace seq2seq::metrics {

/// Replacement of an n-gram precision of 0: `exponential`, the precision of half a match, then a quarter, ...
/// (mteval-v13a.pl); `floor`, 0.1 matches; `add_one`, one more match and one more n-gram from bigrams on (Lin and Och
/// 2004); see Chen and Cherry 2014, W14-3346.
enum class Smoothing { none, exponential, floor, add_one };

/// White space that separates words: all of Unicode, as in sacreBLEU, or only ASCII, as in multi-bleu.perl.
enum class Blanks { unicode, ascii };

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::none;
  Smoothing smoothing = Smoothing::exponential;
  bool lowercase = false;  // of both sides, before they are split into words
  Blanks blanks = Blanks::unicode;
};

/// Returns the BLEU options of a configuration.
BleuOptions bleu_options(const MetricOptions& options);

/// Counts from which the BLEU of a corpus is computed; counts of sentences may be summed.
struct BleuCounts {
  static constexpr int orders = 4;
  std::array<int64_t, orders> matches{},
      ngrams{};  // by order: n-grams of the hypothesis that match a reference (clipped), and all
  int64_t hypothesis_tokens = 0;
  int64_t reference_tokens = 0;  // of the reference nearest in length, the shorter of two

  BleuCounts& operator+=(const BleuCounts& other);
};

/// Corpus BLEU (Papineni et al. 2002, P02-1040) as sacreBLEU 2.6.0 computes it, without effective order.
struct Bleu {
  double score = 0;                                     // in [0, 100]
  std::array<double, BleuCounts::orders> precisions{};  // in [0, 100], smoothed
  double brevity_penalty = 0;
  BleuCounts counts;
  std::string signature;  // nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:seq2seq-0.1.0

  /// `BLEU = 30.59 61.2/36.9/24.5/16.7 (BP = 0.978 ratio = 0.978 hyp_len = 73154 ref_len = 74803)`, as sacreBLEU writes
  /// it.
  std::string text() const;
};

/// Returns true if the references are too short for BLEU, which compares up to four words in a row: they have one word
/// each, or less than four on average and no output has four. The score is then 0 or results from smoothing only.
bool lacks_four_grams(const BleuCounts& counts, int64_t sentences);
inline constexpr std::string_view without_four_grams =
    "the lines have no four words in a row (4-grams), so it says nothing here; look at exact match or an error rate";

/// Counts one sentence. Throws Error if it has no reference.
BleuCounts count_bleu(std::string_view hypothesis, const std::vector<std::string>& references,
                      const BleuOptions& options = {});

/// Lines as BLEU compares them. A line that is compared many times is split only once.
class BleuLines {
 public:
  explicit BleuLines(const BleuOptions& options) : options_(options) {}
  /// Returns the number of the line, counted from 0.
  std::size_t add(std::string_view line);
  /// As count_bleu(), of lines with these numbers.
  BleuCounts count(std::size_t hypothesis, std::span<const std::size_t> references) const;

 private:
  using Ngram = std::array<int, BleuCounts::orders>;  // numbers of words, from 1; 0 after the last word
  using NgramCounts = std::map<Ngram, int64_t>;
  struct Line {
    int64_t tokens = 0;
    std::array<NgramCounts, BleuCounts::orders> ngrams;  // by order
  };
  int64_t nearest_length(int64_t hypothesis, std::span<const std::size_t> references) const;

  BleuOptions options_;
  std::unordered_map<std::string, int> words_;  // their numbers
  std::vector<Line> lines_;
};

/// Orders that count: all four, or, as is usual for a single sentence, only those for which the output has n-grams.
enum class Orders { all, effective };

/// Returns score, precisions and brevity penalty of summed counts, without a signature, because that depends on the
/// references.
Bleu bleu_of(const BleuCounts& counts, Smoothing smoothing, Orders orders = Orders::all);

/// Returns the middle part of a signature: `case:mixed|eff:no|tok:none|smooth:exp`.
std::string bleu_settings(const BleuOptions& options);

/// Computes BLEU of lines of text with one or more references each. Throws Error if the numbers of lines differ, there
/// is no line, or a line has no reference.
Bleu corpus_bleu(const std::vector<std::string>& hypotheses, const References& references,
                 const BleuOptions& options = {});

/// Returns a line as split by the tokenizer: tokens with one space between them.
std::string tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer);

}  // namespace seq2seq::metrics
