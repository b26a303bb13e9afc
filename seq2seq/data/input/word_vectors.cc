#include "seq2seq/data/input/word_vectors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::data {

namespace {

constexpr std::string_view kBlanks = " \t";

/// Removes the first field from `rest` and returns it; empty if none is left.
std::string_view next_field(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  const auto field = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(field.size());
  return field;
}

int64_t count_fields(std::string_view text) {
  int64_t count = 0;
  while (!next_field(text).empty()) ++count;
  return count;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || stop != text.data() + text.size()) return {};
  return number;
}

class Reader {
 public:
  Reader(const std::filesystem::path& file, const text::Vocabulary& words, int64_t width, const BytesRead& report)
      : lines_(open_bytes(file), file.string()), words_(words), width_(width), report_(report) {
    line_of_.resize(static_cast<size_t>(words.size()), 0);
  }

  WordVectors read() {
    std::string line;
    if (!lines_.next(line)) fail(0, "is empty", kExpected);
    if (!read_header(line)) read_line(line);
    while (lines_.next(line)) {
      read_line(line);
      constexpr int64_t between_reports = 4096;  // lines
      if (report_ && vectors_ % between_reports == 0) report_(lines_.consumed());
    }
    check_count();
    if (found_.empty()) {
      fail(0,
           fmt::format("has none of the {} in the vocabulary",
                       format_count(words_.size() - text::special_count, "word")),
           "Words are compared as spelled in the vocabulary, after normalization and tokenization");
    }
    auto rows = at::empty({std::ssize(found_), width_}, at::kFloat);
    std::copy(numbers_.begin(), numbers_.end(), rows.mutable_data_ptr<float>());
    return {std::move(found_), rows};
  }

 private:
  static constexpr const char* kExpected = "Expected one line per word: the word and its numbers, separated by spaces";

  [[noreturn]] void fail(int64_t line, const std::string& problem, const std::string& remedy) const {
    throw Error(Place{.file = lines_.file().string(), .line = line}, problem, remedy);
  }

  /// Returns true if the first line declares the number and width of the vectors.
  bool read_header(std::string_view line) {
    const auto count = number_of<int64_t>(next_field(line)), width = number_of<int64_t>(next_field(line));
    if (!count || !width || !next_field(line).empty()) return false;
    announced_ = *count;
    check_width(*width);
    return true;
  }

  void check_width(int64_t found) const {
    if (found == width_) return;
    fail(1,
         fmt::format("has vectors of {}, but the word vectors of the model have {}", format_count(found, "number"),
                     width_),
         fmt::format("Set `model.embedding.size` (rnn) or `model.width` (transformer) to {}, or name another file",
                     found));
  }

  void read_line(const std::string& line) {
    std::string_view rest = line;
    const auto word = next_field(rest);
    const int64_t numbers = count_fields(rest);
    if (vectors_++ == 0 && !announced_) check_width(numbers);
    if (numbers < width_) {
      fail(lines_.lines(), fmt::format("has {} after the word, expected {}", format_count(numbers, "number"), width_),
           kExpected);
    }
    if (numbers > width_) return pass_over(rest, numbers);
    const int64_t id = words_.id(word);
    if (id >= text::special_count) take(id, word, rest);
  }

  /// A line with more fields has a word with blanks, unless all fields are numbers.
  void pass_over(std::string_view rest, int64_t fields) const {
    for (int64_t extra = fields - width_; extra > 0; --extra)
      if (!number_of<double>(next_field(rest))) return;
    fail(lines_.lines(), fmt::format("has {} after the word, expected {}", format_count(fields, "number"), width_),
         kExpected);
  }

  void take(int64_t id, std::string_view word, std::string_view rest) {
    auto& first = line_of_[static_cast<size_t>(id)];
    if (first > 0) {
      fail(lines_.lines(), fmt::format("`{}` already has a vector, on line {}", word, first),
           "Remove one of the two lines");
    }
    first = lines_.lines();
    found_.push_back(id);
    for (int64_t column = 1; column <= width_; ++column) {
      const auto field = next_field(rest);
      const auto number = number_of<double>(field);
      const auto value = number ? static_cast<float>(*number) : NAN;
      if (!std::isfinite(value)) {
        fail(lines_.lines(),
             fmt::format("number {} of `{}` is `{}`, which is not a finite number", column, word, field),
             "Correct the line, or remove it");
      }
      numbers_.push_back(value);
    }
  }

  void check_count() const {
    if (!announced_ || *announced_ == vectors_) return;
    fail(1, fmt::format("declares {}, but {} follow", format_count(*announced_, "vector"), format_count(vectors_)),
         "The file may be cut off; correct the first line, or remove it");
  }

  LineReader lines_;
  const text::Vocabulary& words_;
  int64_t width_;
  const BytesRead& report_;
  std::optional<int64_t> announced_;
  int64_t vectors_ = 0;           // lines with words so far
  std::vector<int64_t> line_of_;  // [words] line of each word of the vocabulary; 0: not found yet
  std::vector<int64_t> found_;
  std::vector<float> numbers_;
};

}  // namespace

WordVectors read_word_vectors(const std::filesystem::path& file, const text::Vocabulary& words, int64_t width,
                              const BytesRead& report) {
  return Reader(file, words, width, report).read();
}

}  // namespace seq2seq::data
