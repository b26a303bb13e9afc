#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace seq2seq::data {

/// Sentences as ids, stored compactly, without end symbols and not reversed. The data are in memory or in a mapped
/// file. Copies share their data.
class TokenStore {
 public:
  TokenStore();  // empty
  /// Maps a file written by StoreWriter. Throws FormatError naming the file for another format or version, a truncated
  /// file and, with `verify`, a wrong checksum.
  static TokenStore open(const std::filesystem::path& file, bool verify);

  int64_t size() const { return sentences_; }
  int64_t tokens() const { return tokens_; }
  int64_t largest() const { return largest_; }  // largest id; -1 without tokens
  int64_t length(int64_t sentence) const;
  std::vector<int64_t> operator[](int64_t sentence) const;
  int64_t id(int64_t position) const;  // position in the ids of all sentences, one after another

  /// Returns the same sentences with `ids.id(i)` instead of each id i. Throws Error if an id has no replacement.
  TokenStore renumbered(const TokenStore& ids) const;
  /// Returns the ids of a sentence before renumbering.
  std::vector<int64_t> original(int64_t sentence) const;

  /// Releases the file's pages from this process's memory; they are read again on the next access.
  void release_pages() const;

 private:
  friend class TokenStoreBuilder;
  struct Unset {};
  explicit TokenStore(Unset) {}
  static std::shared_ptr<const std::string> in_memory();
  struct Stretch {
    uint64_t first, last;  // ids [first, last)
  };
  Stretch stretch(int64_t sentence) const;
  void check(const char* what, int64_t index, int64_t count) const;
  int64_t stored(int64_t position) const;

  std::shared_ptr<const void> owner_;                      // owns the memory behind the pointers
  std::shared_ptr<const std::string> file_ = in_memory();  // for messages
  std::shared_ptr<const TokenStore> renumbering_;
  const std::byte* ids_ = nullptr;     // [tokens], of `width_` bytes each
  const uint64_t* offsets_ = nullptr;  // [sentences + 1]
  std::span<const std::byte> mapped_;  // the whole file; empty in memory
  int width_ = 4;
  int64_t sentences_ = 0, tokens_ = 0, largest_ = -1;
};

/// Collects sentences in memory.
class TokenStoreBuilder {
 public:
  TokenStoreBuilder();
  void add(const std::vector<int64_t>& ids);  // throws Error for an id that does not fit
  TokenStore finish();                        // once

 private:
  struct Memory;
  std::shared_ptr<Memory> memory_;
  int64_t largest_ = -1;
};

}  // namespace seq2seq::data
