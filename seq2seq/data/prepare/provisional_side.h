#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "seq2seq/core/files.h"
#include "seq2seq/data/prepare/summary.h"
#include "seq2seq/data/store/store_file.h"

namespace seq2seq::data {

/// One side of a text while it is read: words are numbered in order of appearance, and sentences are stored on disk
/// until all words are counted. The text is thus read and tokenized only once.
class ProvisionalSide {
 public:
  /// Until finish(), the sentences are in a temporary file beside `tokens`.
  ProvisionalSide(Files& files, const std::filesystem::path& tokens);
  void add(const std::vector<std::string>& sentence);
  /// Writes all words, most frequent first, as a vocabulary, and the sentences as ids in it.
  void finish(const std::filesystem::path& tokens, const std::filesystem::path& words, SideSummary& summary);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };
  std::vector<int64_t> write_words(const std::filesystem::path& words, SideSummary& summary) const;

  Files& files_;
  std::filesystem::path file_;
  StoreWriter writer_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> numbers_;
  std::vector<int64_t> counts_;  // by number of the word
  std::vector<int64_t> ids_;     // of one sentence; kept to reuse its memory
};

}  // namespace seq2seq::data
