#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::run {

/// The line that `translate` writes for an output: what BLEU compares with the lines of the references. `copied`: of
/// the output's source.
std::string output_line(const std::vector<int64_t>& ids, const data::TextPipeline& text,
                        const data::CopiedWords& copied);

/// The tokens of an output, which error rates and exact match compare; in lower case where the options say so.
metrics::Tokens output_tokens(const std::vector<int64_t>& ids, const data::TextPipeline& text,
                              const data::CopiedWords& copied, const metrics::MetricOptions& options);

/// What they are compared with: each reference's own line, cut by the target's tokenizer without
/// `data.target.normalize`. With `lowercase` the tokens are in lower case; where the target's text is in lower case
/// too, so is the line before it is cut, because a tokenizer may know no other letters.
std::vector<metrics::Tokens> reference_tokens(const std::vector<std::string>& references,
                                              const data::TextPipeline& text, const metrics::MetricOptions& options);

}  // namespace seq2seq::run
