#pragma once

#include <ostream>
#include <string>

#include <fmt/format.h>

namespace seq2seq::cli {

/// Prints a line of the output of `inspect`: a name and its text, in columns.
inline void print_line(std::ostream& out, const char* name, const std::string& text) {
  out << fmt::format("{:<12} {}\n", name, text);
}

}  // namespace seq2seq::cli
