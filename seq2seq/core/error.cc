#include "seq2seq/core/error.h"

#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/printable.h"

namespace seq2seq {

namespace {

std::string line_of(const Place& place, const std::string& problem, const std::string& remedy) {
  std::string line = to_string(place);
  if (!line.empty()) line += ": ";
  line += problem;
  if (!remedy.empty()) line += (line.ends_with('?') ? " " : ". ") + remedy;
  return printable(line);  // it may contain names and values from unchecked files
}

std::string lines_of(const std::vector<Error>& faults) {
  std::string lines;
  for (const auto& fault : faults) {
    if (!lines.empty()) lines += '\n';
    lines += fault.what();
  }
  return lines;
}

}  // namespace

std::string to_string(const Place& place) {
  std::string text = place.file;
  if (place.line > 0) {
    text += place.file.empty() ? fmt::format("line {}", place.line) : fmt::format(":{}", place.line);
    if (place.column > 0) text += fmt::format("{}{}", place.file.empty() ? ", column " : ":", place.column);
  }
  if (!place.part.empty()) text += (text.empty() ? "" : ": ") + place.part;
  return text;
}

Error::Error(Place place, const std::string& problem, const std::string& remedy)
    : std::runtime_error(line_of(place, problem, remedy)), place_(std::move(place)) {}

UsageError::UsageError(const std::vector<Error>& faults) : Error(lines_of(faults)) {}

}  // namespace seq2seq
