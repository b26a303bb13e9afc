#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seq2seq::data {

/// Reason for leaving a pair out of training, in the order of the checks.
enum class Reason { invalid_utf8, control_characters, empty_target, empty_source, too_long, unlike_lengths, duplicate };
inline constexpr std::size_t reason_count = 7;

/// Name for files: `too_long`.
std::string_view name_of(Reason reason);
/// Text for people: `too long`.
std::string_view meaning_of(Reason reason);

/// Pairs that were left out: count and first lines for each reason.
class LeftOut {
 public:
  static constexpr std::size_t lines_kept = 5;

  struct Count {
    int64_t pairs = 0;
    std::vector<int64_t> first_lines;  // counted from 1
  };

  void add(Reason reason, int64_t line);
  const Count& operator[](Reason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  Count& operator[](Reason reason) { return counts_[static_cast<std::size_t>(reason)]; }
  int64_t total() const;
  /// Returns `3 too long, 1 with an empty target`; empty if none.
  std::string text() const;

 private:
  std::array<Count, reason_count> counts_;
};

/// Returns all reasons.
std::array<Reason, reason_count> reasons();

}  // namespace seq2seq::data
