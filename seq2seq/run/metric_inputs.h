#pragma once

#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::run {

/// Returns an output as text, with unknown words as `<unk>`. `copied`: of the output's source.
std::string output_line(const std::vector<int64_t>& ids, const data::TextPipeline& text,
                        const data::CopiedWords& copied);

/// Returns the tokens of an output for error rates and exact match, in lower case if the options say so. `words`: from
/// output_words.h.
metrics::Tokens output_tokens(metrics::Tokens words, const metrics::MetricOptions& options);

/// Returns the references of the comparison: the line of each reference, tokenized by the target's tokenizer without
/// `data.target.normalize`. With `lowercase` the tokens are in lower case; if the target text is, too, the line is
/// lower-cased before tokenization, because the tokenizer may not know capital letters.
std::vector<metrics::Tokens> reference_tokens(const std::vector<std::string>& references,
                                              const data::TextPipeline& text, const metrics::MetricOptions& options);

}  // namespace seq2seq::run
