#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::text {

struct VocabularyOptions {
  int64_t size = 0;            // number of most frequent words kept, without specials; 0: all
  int64_t minimum_count = 1;   // less frequent words become <unk>
  std::filesystem::path file;  // of an existing vocabulary; no words are counted then
  bool operator==(const VocabularyOptions&) const = default;
};
void declare(config::Keys& keys, VocabularyOptions& options);

/// Ids of special symbols. A word of the text that is spelled like one counts as unknown.
enum Special : int64_t { unknown_id = 0, start_id = 1, end_id = 2 };
inline constexpr int64_t special_count = 3;
bool is_special(std::string_view word);  // true if spelled like one

/// The words of one side and their ids: the specials `<unk>` 0, `<s>` 1, `</s>` 2, then the words, most frequent first
/// (equal counts in byte order, so that the same text always gives the same ids).
class Vocabulary {
 public:
  struct Word {
    std::string text;
    int64_t count;  // occurrences in the training text
  };

  /// Ids follow the order of the words. Throws Error for a duplicate, a word with a blank, or a word spelled like a
  /// special symbol.
  explicit Vocabulary(std::vector<Word> words);
  /// Loads a file; words keep their order in the file, which may have been edited. Throws FormatError with file and
  /// line for another version, a duplicate word, a line without a count, Windows line ends, or a BOM.
  static Vocabulary load(const std::filesystem::path& file);
  std::string serialize() const;  // in the format of `load`; see docs/formats.md

  int64_t size() const { return static_cast<int64_t>(words_.size()) + special_count; }
  int64_t id(std::string_view word) const;    // unknown_id for a word that is not in the vocabulary
  const std::string& word(int64_t id) const;  // `<unk>` and so on for special symbols
  int64_t count(int64_t id) const;            // 0 for special symbols
  const std::vector<Word>& words() const { return words_; }

 private:
  struct Hash {
    using is_transparent = void;  // look-up without copying the word
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };
  std::vector<Word> words_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> ids_;
};

/// Counts words and keeps those that the options select.
class VocabularyBuilder {
 public:
  void add(std::string_view word, int64_t count = 1) { counts_[std::string(word)] += count; }
  void add(const VocabularyBuilder& other);
  Vocabulary build(const VocabularyOptions& options) const;

 private:
  std::unordered_map<std::string, int64_t> counts_;
};

}  // namespace seq2seq::text
