#include "seq2seq/data/factors.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/parts.h"

namespace seq2seq::data {
namespace {

constexpr int64_t most_ids = int64_t{1} << 32;
constexpr std::string_view blanks = " \t\n\v\f\r";

}  // namespace

void check_factors(std::string_view line, const SourceForm& form, Place place) {
  const auto factors = form.factors;
  if (factors == 0) return;
  for (std::size_t at = line.find_first_not_of(blanks), end = 0; at < line.size();
       at = line.find_first_not_of(blanks, end)) {
    end = std::min(line.find_first_of(blanks, at), line.size());
    const auto token = line.substr(at, end - at);
    if (form.separates(token)) continue;
    const auto split = text::split_factors(token);
    const bool empty = split.word.empty() || std::ranges::any_of(split.values, &std::string_view::empty);
    if (std::ssize(split.values) == factors && !empty) continue;
    place.column = static_cast<int64_t>(at) + 1;
    const auto found = split.word.empty() ? "no word"
                       : empty            ? "an empty factor"
                                          : format_count(std::ssize(split.values), "factor");
    throw Error(place,
                fmt::format("the token {} has {}, but `data.source.factors` is {}", quote(token), found, factors),
                fmt::format("Write a word and {} as `word{}factor`, with U+FFE8 between them",
                            format_count(factors, "factor"), text::factor_mark));
  }
}

void FactorCounter::add(std::string_view token, int64_t count) {
  if (form_.separates(token)) return;
  if (values_.empty()) return words_.add(token, count);
  const auto split = text::split_factors(token);
  words_.add(split.word, count);
  for (std::size_t i = 0; i < std::min(values_.size(), split.values.size()); ++i)
    values_[i].add(split.values[i], count);
}

std::vector<text::Vocabulary> FactorCounter::vocabularies() const {
  std::vector<text::Vocabulary> all;
  all.reserve(values_.size());
  for (const auto& values : values_) all.push_back(values.build({}));
  return all;
}

SourceVocabulary::SourceVocabulary(text::Vocabulary words, std::vector<text::Vocabulary> factors, int64_t parts)
    : words_(std::move(words)),
      factors_(std::move(factors)),
      form_{.factors = std::ssize(factors_), .parts = parts},
      ids_(words_.size()) {
  for (const auto& factor : factors_) {
    if (ids_ > most_ids / factor.size())
      throw Error(
          "the words of the source times the values of its factors are more than 4,294,967,296, the largest number "
          "that can be numbered",
          "Lower `data.source.vocabulary.size`, or leave out factors with many values");
    ids_ *= factor.size();
  }
}

std::vector<int64_t> SourceVocabulary::factor_sizes() const {
  std::vector<int64_t> sizes;
  sizes.reserve(factors_.size());
  for (const auto& factor : factors_) sizes.push_back(factor.size());
  return sizes;
}

int64_t SourceVocabulary::id(std::string_view token) const {
  if (form_.separates(token)) return text::end_id;
  if (factors_.empty()) return words_.id(token);
  const auto split = text::split_factors(token);
  int64_t id = words_.id(split.word), step = words_.size();
  for (std::size_t i = 0; i < factors_.size(); ++i) {
    if (i < split.values.size()) id += step * factors_[i].id(split.values[i]);
    step *= factors_[i].size();
  }
  return id;
}

std::string SourceVocabulary::token(int64_t id) const {
  if (form_.parts > 1 && id == text::end_id) return std::string(text::part_separator);
  std::string text = words_.word(word(id));
  for (int64_t rest = id / words_.size(); const auto& factor : factors_) {
    text += fmt::format("{}{}", text::factor_mark, factor.word(rest % factor.size()));
    rest /= factor.size();
  }
  return text;
}

}  // namespace seq2seq::data
