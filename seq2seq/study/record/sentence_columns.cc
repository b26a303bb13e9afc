#include "seq2seq/study/record/sentence_columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/study/record/gzip.h"

namespace seq2seq::study {

namespace {

constexpr double scores_per_nat = 1000;
constexpr std::string_view columns_head = "seq2seq sentences 1 ";
constexpr size_t most_bytes = size_t{1} << 28;  // decompressed; a record of a million sentences has a tenth of this

/// Format of a number in the columns.
struct Column {
  std::string name;
  std::function<int64_t(const SentenceFigures&)> get;
  std::function<void(SentenceFigures&, int64_t)> set;
};

/// `field`: returns a reference to the number, of a sentence that may be const.
template <class Field>
Column column_of(std::string name, const Field& field) {
  return {std::move(name), [field](const SentenceFigures& sentence) { return field(sentence); },
          [field](SentenceFigures& sentence, int64_t value) { field(sentence) = value; }};
}

/// A sentence of n tokens has as many n-grams of each order as fit into it.
void set_hypothesis(SentenceFigures& sentence, int64_t tokens) {
  sentence.bleu.hypothesis_tokens = tokens;
  for (int64_t order = 0; order < metrics::BleuCounts::orders; ++order)
    sentence.bleu.ngrams[static_cast<size_t>(order)] = std::max<int64_t>(0, tokens - order);
}

std::vector<Column> columns() {
  std::vector<Column> all{
      {"score", [](const SentenceFigures& s) { return std::llround(s.score * scores_per_nat); },
       [](SentenceFigures& s, int64_t value) { s.score = static_cast<double>(value) / scores_per_nat; }},
      column_of(
          "scored_tokens", [](auto& s) -> auto& { return s.scored_tokens; }),
      column_of(
          "source_tokens", [](auto& s) -> auto& { return s.source_tokens; }),
      column_of(
          "exact", [](auto& s) -> auto& { return s.rates.exact; }),
      column_of(
          "edits", [](auto& s) -> auto& { return s.rates.edits; }),
      column_of(
          "reference_tokens", [](auto& s) -> auto& { return s.rates.reference_tokens; }),
      {"hypothesis_words", [](const SentenceFigures& s) { return s.bleu.hypothesis_tokens; }, set_hypothesis},
      column_of(
          "reference_words", [](auto& s) -> auto& { return s.bleu.reference_tokens; })};
  for (size_t order = 0; order < metrics::BleuCounts::orders; ++order) {
    all.push_back(column_of(
        fmt::format("matches_{}", order + 1), [order](auto& s) -> auto& { return s.bleu.matches[order]; }));
  }
  return all;
}

/// Returns `ter:1 12 9.5 ...`: one of the counts of a metric, for each sentence.
std::string extra_column(const std::vector<SentenceFigures>& sentences, const std::string& name, size_t place) {
  auto text = fmt::format("{}:{}", name, place);
  for (const auto& sentence : sentences) text += fmt::format(" {}", sentence.lines.at(name)[place]);
  return text + '\n';
}

class ColumnReader {
 public:
  ColumnReader(const std::filesystem::path& file, std::string_view text)
      : file_(file), lines_(split(text, '\n')), most_rows_(static_cast<int64_t>(text.size() / 2)) {}

  std::vector<SentenceFigures> read() {
    const auto head = next();
    if (head.substr(0, columns_head.size()) != columns_head) throw damaged("has an unknown first line");
    const int64_t rows = number(head.substr(columns_head.size()));
    if (rows < 0 || rows > most_rows_ / std::ssize(columns())) throw damaged("has an invalid number of sentences");
    std::vector<SentenceFigures> sentences(static_cast<size_t>(rows));
    for (auto& sentence : sentences) sentence.rates.sequences = 1;
    for (const auto& column : columns()) read(column, sentences);
    while (line_ < lines_.size() && !lines_[line_].empty()) read_extra(sentences);
    check_sizes(sentences);
    return sentences;
  }

 private:
  void read(const Column& column, std::vector<SentenceFigures>& sentences) {
    const auto values = split(next(), ' ');
    if (values.size() != sentences.size() + 1 || values.front() != column.name)
      throw damaged(fmt::format("should have {} values of `{}`", sentences.size(), column.name));
    for (size_t i = 0; i < sentences.size(); ++i) column.set(sentences[i], number(values[i + 1]));
  }

  void read_extra(std::vector<SentenceFigures>& sentences) {
    const auto values = split(next(), ' ');
    const std::string name(values.front().substr(0, values.front().find(':')));
    if (values.size() != sentences.size() + 1)
      throw damaged(fmt::format("should have {} values of `{}`", sentences.size(), values.front()));
    for (size_t i = 0; i < sentences.size(); ++i) {
      auto& counts = sentences[i].lines[name];
      if (i == 0 && values.front() != fmt::format("{}:{}", name, counts.size()))
        throw damaged(fmt::format("should have `{}:{}`", name, counts.size()));
      counts.push_back(number<double>(values[i + 1]));
    }
  }

  /// Each metric must have as many numbers as its figure needs.
  void check_sizes(const std::vector<SentenceFigures>& sentences) const {
    if (sentences.empty()) return;
    for (const auto& [name, counts] : sentences.front().lines) {
      const auto* kind = metrics::find_metric(name);
      const size_t expected = kind == nullptr ? 1 : kind->make({})->size();
      if (counts.size() != expected)
        throw damaged(fmt::format("has {} columns of `{}`, which takes {}", counts.size(), name, expected));
    }
  }

  std::string_view next() {
    if (line_ >= lines_.size()) throw damaged("is too short");
    return lines_[line_++];
  }

  template <class Number = int64_t>
  Number number(std::string_view text) const {
    Number value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size())
      throw damaged(fmt::format("has {} instead of a number", quote(text)));
    return value;
  }

  FormatError damaged(const std::string& how) const {
    return FormatError(Place{.file = file_.string(), .line = static_cast<int64_t>(line_)}, how,
                       "Remove it with the record beside it; `seq2seq study run` then measures the run again");
  }

  const std::filesystem::path& file_;
  std::vector<std::string_view> lines_;
  int64_t most_rows_;  // of one column: a number takes at least two bytes
  size_t line_ = 0;
};

}  // namespace

std::string pack_sentences(const std::vector<SentenceFigures>& sentences) {
  std::string text = fmt::format("{}{}\n", columns_head, sentences.size());
  for (const auto& column : columns()) {
    text += column.name;
    for (const auto& sentence : sentences) text += fmt::format(" {}", column.get(sentence));
    text += '\n';
  }
  if (!sentences.empty()) {
    for (const auto& [name, counts] : sentences.front().lines)
      for (size_t place = 0; place < counts.size(); ++place) text += extra_column(sentences, name, place);
  }
  return gzip(text);
}

std::vector<SentenceFigures> unpack_sentences(std::string_view bytes, const std::filesystem::path& file) {
  const auto text = gunzip(bytes, most_bytes, file);
  return ColumnReader(file, text).read();
}

}  // namespace seq2seq::study
