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
  /// Returns the smallest length that is at least as long as this share of the lines; 1: the longest.
  int64_t quantile(double share) const;

 private:
  std::vector<int64_t> count_;  // of lines of each length
  int64_t lines_ = 0, sum_ = 0, longest_ = 0;
};

/// Statistics of one side of a parallel text.
struct SideFacts {
  Lengths words, characters;       // of its lines; words stand between blanks, characters are code points
  int64_t tokens = 0;              // words in all
  int64_t types = 0;               // different words, at least: no more than `types_at_most` are counted
  int64_t once = 0;                // of these, those that occur once
  std::vector<char32_t> alphabet;  // different characters, sorted
};

struct TextFacts {
  static constexpr int64_t types_at_most = 200000;
  int64_t pairs = 0;
  SideFacts source, target;
  double shared_words = 0;     // share of the target's words that occur in the source, too
  double word_ratio = 0;       // target words beyond ten to one of the source, at most
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
    /// Returns words and characters of the line.
    std::pair<int64_t, int64_t> add(std::string_view line);
    void finish();
  };
  TextFacts facts_;
  Side source_, target_;
};

}  // namespace seq2seq::run
