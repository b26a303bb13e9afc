#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/used_rows.h"

namespace seq2seq::nn {

/// Combines the vectors of a source word and its factors into one (Sennrich and Haddow 2016, arXiv 1606.02892, section
/// 2): side by side, as in the paper, or added.
struct FactorOptions {
  enum class Combine { concatenate, sum } combine = Combine::concatenate;
  std::vector<double> sizes{};  // widths of the factors' vectors if they are side by side; the word has the rest
};
void declare(config::Keys& keys, FactorOptions& options);

/// The factors of a model's source. Ids of its tokens are those of data::SourceVocabulary.
struct SourceFactors {
  FactorOptions options{};
  std::vector<int64_t> values{};  // F of each factor's vocabulary, specials included; empty: no factors

  bool any() const { return !values.empty(); }
  /// Returns the width of the vectors of words, if the vectors of tokens have `width` E.
  int64_t word_width(int64_t width) const;
};

/// Returns a message about options that do not fit together, for tokens with vectors of `width`, or an empty string.
std::string wrong_factors(const SourceFactors& factors, int64_t width);

/// Tables of vectors for the values of each factor: parameters `weight_0`, ... [F, size] or, if vectors are added, [F,
/// E].
class FactorEmbeddings final : public TableModule {
 public:
  /// `words`: size W of the source's vocabulary. Throws UsageError with the message of wrong_factors().
  FactorEmbeddings(const SourceFactors& factors, int64_t words, int64_t width, const ParameterPlace& place);

  /// Ids of tokens [N] -> ids of their words.
  Packed words(const Packed& ids) const;
  /// Vectors of the words [N, width of a word], and ids of the tokens -> vectors of the tokens [N, E].
  Packed forward(const Packed& words, const Packed& ids) const;

 private:
  bool adds_;
  int64_t words_;
  std::vector<int64_t> values_;
  std::vector<at::Tensor> weights_;
};

}  // namespace seq2seq::nn
