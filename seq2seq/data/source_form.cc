#include "seq2seq/data/source_form.h"

#include <iterator>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/data/factors.h"
#include "seq2seq/text/parts.h"

namespace seq2seq::data {

bool SourceForm::separates(std::string_view token) const { return parts > 1 && token == text::part_separator; }

void check_source(const std::vector<std::string>& tokens, const SourceForm& form, std::string_view line,
                  const Place& place) {
  const auto parts = std::ssize(part_lengths(tokens, form));
  if (parts != form.parts)
    throw Error(place, fmt::format("has {}, but `data.source.parts` is {}", format_count(parts, "part"), form.parts),
                fmt::format("Write `{}` with spaces around it between two parts", text::part_separator));
  check_factors(line, form, place);
}

std::vector<int64_t> part_lengths(const std::vector<std::string>& tokens, const SourceForm& form) {
  std::vector<int64_t> lengths{0};
  for (const auto& token : tokens) {
    if (form.separates(token)) {
      lengths.push_back(0);
    } else {
      ++lengths.back();
    }
  }
  return lengths;
}

}  // namespace seq2seq::data
