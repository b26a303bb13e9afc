#pragma once

#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/metrics/options.h"

namespace seq2seq::run {

/// Lists the samples of each source by their expected similarity to all of its samples, the highest first: minimum
/// Bayes risk decoding (Kumar and Byrne 2004; over samples: Eikema and Aziz 2020, arXiv 2005.10283). The metric
/// `options.minimum_bayes_risk` compares the text of each sample with the texts of all samples, including itself, as
/// references. The mean becomes its rank (minus the mean for metrics that fall with similarity). Samples with the same
/// text are listed once, with the tokens of the best score. `copied`: of each source. Does nothing if `options` name no
/// metric.
void order_by_risk(std::vector<std::vector<decode::Hypothesis>>& outputs, const data::TextPipeline& text,
                   const std::vector<data::CopiedWords>& copied, const decode::DecodeOptions& options,
                   const metrics::MetricOptions& metrics);

/// Returns an error message for `decode.minimum_bayes_risk`, or an empty string.
std::string wrong_minimum_bayes_risk(const decode::DecodeOptions& options);

}  // namespace seq2seq::run
