#pragma once

#include "seq2seq/config/keys.h"

namespace seq2seq::metrics {

/// `mteval_13a` is the tokenization of NIST's mteval-v13a.pl, for text that is not tokenized; `none` cuts at blanks.
enum class BleuTokenizer { none, mteval_13a };

/// Comparison of outputs with references in validation, `evaluate` and studies.
struct MetricOptions {
  bool lowercase = false;  // of outputs and references, for all metrics but perplexity
  BleuTokenizer bleu_tokenizer = BleuTokenizer::none;
};
void declare(config::Keys& keys, MetricOptions& options);

}  // namespace seq2seq::metrics
