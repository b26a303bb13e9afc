#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::data {

struct LineCount {
  std::filesystem::path file;
  int64_t lines = 0;
};

/// Returns the error in `file`, which must have as many lines as `other`. `rule`: which lines belong together, as in
/// `line n of one file belongs to line n of the other`.
Error unequal_lines(const LineCount& file, const LineCount& other, const std::string& rule,
                    const std::string& remedy = "Find the missing or extra line");

}  // namespace seq2seq::data
