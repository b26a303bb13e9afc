#include "seq2seq/study/record/operations.h"

namespace seq2seq::study {

double training_operations(const std::vector<nn::ParameterUse>& uses, double source_tokens, double target_tokens) {
  constexpr double per_parameter = 6;
  double operations = 0;
  for (const auto& use : uses) {
    if (use.role.kind == nn::Role::Kind::embedding) continue;
    const double tokens = use.side == nn::Side::source ? source_tokens : target_tokens;
    operations += per_parameter * static_cast<double>(use.parameter.numel()) * tokens;
  }
  return operations;
}

double tokens_per_epoch(const data::Corpus& corpus, const data::TokenStore& side) {
  if (corpus.repeat.empty()) return static_cast<double>(side.tokens() + corpus.pairs());
  double tokens = 0;
  int64_t pair = 0;
  for (size_t part = 0; part < corpus.repeat.size(); ++part) {
    int64_t of_part = 0;
    for (const int64_t end = pair + corpus.pairs_of[part]; pair < end; ++pair) of_part += side.length(pair) + 1;
    tokens += corpus.repeat[part] * static_cast<double>(of_part);
  }
  return tokens;
}

}  // namespace seq2seq::study
