#include "seq2seq/decode/n_best.h"

#include <fmt/format.h>

namespace seq2seq::decode {

std::string n_best_line(int64_t sentence, std::string_view text, const Hypothesis& hypothesis, bool token_scores) {
  const auto number = [](double value) { return fmt::format("{:.9g}", value + 0.0); };  // + 0.0: no `-0`
  std::string features = "logprob= " + number(hypothesis.score);
  if (token_scores) {
    features += " tokens=";
    for (const double score : hypothesis.token_scores) features += " " + number(score);
  }
  if (hypothesis.cut) features += " cut= 1";
  return fmt::format("{} ||| {} ||| {} ||| {}", sentence, text, features, number(hypothesis.score));
}

}  // namespace seq2seq::decode
