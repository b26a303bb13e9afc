#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::metrics {

/// Tokenization of lines for BLEU, as in sacreBLEU: `none` splits at blanks; `mteval_13a`, for text that is not
/// tokenized, as NIST's mteval-v13a.pl; `international` also at punctuation and symbols of all scripts (mteval-v14.pl);
/// `chinese` around each Chinese character, and the rest as 13a; `characters` around each character.
enum class BleuTokenizer { none, mteval_13a, international, chinese, characters };
/// Returns their names in configurations and signatures.
const std::vector<std::pair<std::string, BleuTokenizer>>& bleu_tokenizer_names();
std::string_view name_of(BleuTokenizer tokenizer);

/// Comparison of outputs with references in validation, `evaluate` and studies.
struct MetricOptions {
  bool lowercase = false;  // of outputs and references, for all metrics except perplexity
  BleuTokenizer bleu_tokenizer = BleuTokenizer::none;
};
void declare(config::Keys& keys, MetricOptions& options);

}  // namespace seq2seq::metrics
