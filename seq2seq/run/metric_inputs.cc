#include "seq2seq/run/metric_inputs.h"

namespace seq2seq::run {

namespace {

void bring_to_lower_case(metrics::Tokens& tokens) {
  for (auto& token : tokens) token = metrics::lower_case(token);
}

}  // namespace

std::string output_line(const std::vector<int64_t>& ids, const data::TextPipeline& text,
                        const data::CopiedWords& copied) {
  return text.target_tokenizer().detokenize(text.target_words(ids, copied));
}

metrics::Tokens output_tokens(metrics::Tokens words, const metrics::MetricOptions& options) {
  if (options.lowercase) bring_to_lower_case(words);
  return words;
}

std::vector<metrics::Tokens> reference_tokens(const std::vector<std::string>& references,
                                              const data::TextPipeline& text, const metrics::MetricOptions& options) {
  const bool lower_line = options.lowercase && text.options().target.normalize.lowercase;
  std::vector<metrics::Tokens> all;
  for (const auto& line : references) {
    auto& tokens = all.emplace_back(text.target_tokenizer().cut(lower_line ? metrics::lower_case(line) : line));
    if (options.lowercase) bring_to_lower_case(tokens);
  }
  return all;
}

}  // namespace seq2seq::run
