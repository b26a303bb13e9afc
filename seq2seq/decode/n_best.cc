#include "seq2seq/decode/n_best.h"

#include <fmt/format.h>

namespace seq2seq::decode {

namespace {

constexpr std::string_view separator = " ||| ";

std::string number(double value) { return fmt::format("{:.9g}", value + 0.0); }  // + 0.0: no `-0`

}  // namespace

std::string n_best_line(int64_t sentence, std::string_view text, const Hypothesis& hypothesis, bool token_scores,
                        std::string_view name) {
  std::string features = fmt::format("{}= {}", name, number(hypothesis.score));
  if (token_scores) {
    features += " tokens=";
    for (const double score : hypothesis.token_scores) features += " " + number(score);
  }
  if (hypothesis.cut) features += " cut= 1";
  return fmt::format("{}{}{}{}{}{}{}", sentence, separator, text, separator, features, separator,
                     number(hypothesis.ranking_score));
}

std::optional<NBestFields> split_n_best(std::string_view line) {
  const size_t first = line.find(separator), last = line.rfind(separator);
  if (first == std::string_view::npos || last < separator.size()) return std::nullopt;
  const size_t text = first + separator.size();
  const size_t features = line.rfind(separator, last - separator.size());
  if (features == std::string_view::npos || features < text) return std::nullopt;
  return NBestFields{.sentence = line.substr(0, first),
                     .text = line.substr(text, features - text),
                     .features = line.substr(features + separator.size(), last - features - separator.size()),
                     .score = line.substr(last + separator.size())};
}

bool has_feature(std::string_view features, std::string_view name) {
  const std::string words = fmt::format(" {} ", features);
  return words.find(fmt::format(" {}= ", name)) != std::string::npos;
}

std::string with_feature(std::string_view line, const NBestFields& fields, std::string_view name, double value) {
  const auto end = static_cast<size_t>(fields.features.data() - line.data()) + fields.features.size();
  const auto blank = fields.features.empty() ? "" : " ";
  return fmt::format("{}{}{}= {}{}", line.substr(0, end), blank, name, number(value), line.substr(end));
}

}  // namespace seq2seq::decode
