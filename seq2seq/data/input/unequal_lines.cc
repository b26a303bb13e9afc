#include "seq2seq/data/input/unequal_lines.h"

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::data {

Error unequal_lines(const LineCount& file, const LineCount& other, const std::string& rule, const std::string& remedy) {
  return {Place{.file = file.file.string()},
          fmt::format("has {}, but {} has {}; {}", format_count(file.lines, "line"), other.file.string(),
                      format_count(other.lines, "line"), rule),
          remedy};
}

}  // namespace seq2seq::data
