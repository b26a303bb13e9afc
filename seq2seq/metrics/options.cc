#include "seq2seq/metrics/options.h"

namespace seq2seq::metrics {

const std::vector<std::pair<std::string, BleuTokenizer>>& bleu_tokenizer_names() {
  static const std::vector<std::pair<std::string, BleuTokenizer>> names{{"none", BleuTokenizer::none},
                                                                        {"13a", BleuTokenizer::mteval_13a},
                                                                        {"intl", BleuTokenizer::international},
                                                                        {"zh", BleuTokenizer::chinese},
                                                                        {"char", BleuTokenizer::characters}};
  return names;
}

std::string_view name_of(BleuTokenizer tokenizer) {
  for (const auto& [name, kind] : bleu_tokenizer_names())
    if (kind == tokenizer) return name;
  return {};
}

void declare(config::Keys& keys, MetricOptions& options) {
  keys.add("lowercase", options.lowercase,
           "compare outputs and references in lower case, in all metrics except perplexity");
  keys.add("bleu_tokenizer", options.bleu_tokenizer, bleu_tokenizer_names(),
           "sacreBLEU's tokenizer for BLEU. none: split at whitespace; 13a: sacreBLEU's default, for untokenized text; "
           "intl: "
           "also split at the punctuation of other scripts; zh: for Chinese; char: split at every character");
}

}  // namespace seq2seq::metrics
