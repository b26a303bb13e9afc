#include "seq2seq/metrics/options.h"

namespace seq2seq::metrics {

void declare(config::Keys& keys, MetricOptions& options) {
  keys.add("lowercase", options.lowercase,
           "compare outputs and references in lower case for BLEU, error rates and exact match");
  keys.add("bleu_tokenizer", options.bleu_tokenizer,
           {{"none", BleuTokenizer::none}, {"13a", BleuTokenizer::mteval_13a}},
           "tokenization for BLEU. none: at blanks; 13a: sacreBLEU's default, for text that is not tokenized");
}

}  // namespace seq2seq::metrics
