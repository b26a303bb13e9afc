#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace seq2seq::run {

/// Counts lengths and computes their quantiles.
class Lengths {
 public:
  void add(int64_t length);
  int64_t longest() const { return longest_; }
  double mean() const;
  /// Returns the smallest length that at least this share of the lines does not exceed; 1: the longest.
  int64_t quantile(double share) const;

 private:
  std::vector<int64_t> count_;  // number of lines by length
  int64_t lines_ = 0, sum_ = 0, longest_ = 0;
};

/// Statistics of one side of a parallel text.
struct SideFacts {
  Lengths words, characters;       // of its lines; words are separated by blanks, characters are code points
  int64_t tokens = 0;              // number of words
  int64_t types = 0;               // distinct words, counted up to `types_at_most`
  int64_t once = 0;                // distinct words that occur once
  std::vector<char32_t> alphabet;  // distinct characters, sorted
};

struct TextFacts {
  static constexpr int64_t types_at_most = 200000;
  int64_t pairs = 0;
  SideFacts source, target;
  double shared_words = 0;     // share of the target's words that occur in the source, too
  double word_ratio = 0;       // largest ratio of target words, less ten, to source words
  double character_ratio = 0;  // the same in characters
};

/// Collects statistics of a parallel text line by line. Memory grows with the number of distinct words, up to a bound.
class TextFactsCounter {
 public:
  void add(std::string_view source, std::string_view target);
  TextFacts finish();

 private:
  struct Side {
    SideFacts facts;
    std::unordered_map<std::string, int64_t> words;
    std::unordered_set<char32_t> characters;
    /// Returns the numbers of words and characters of the line.
    std::pair<int64_t, int64_t> add(std::string_view line);
    void finish();
  };
  TextFacts facts_;
  Side source_, target_;
};

}  // namespace seq2seq::run
