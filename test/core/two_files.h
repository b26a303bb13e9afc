#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

#include "seq2seq/core/files.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

inline std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

inline void fill_with(Files& files, const fs::path& folder, const std::string& text) {
  files.write(folder / "a", text);
  files.write(folder / "b", text + text);
}

inline bool holds(const fs::path& folder, const std::string& text) {
  return entries_in(folder) == 2 && content_of(folder / "a") == text && content_of(folder / "b") == text + text;
}

}  // namespace seq2seq::test
