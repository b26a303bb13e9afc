#include "seq2seq/metrics/translation_edits.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace seq2seq::metrics {

namespace {

using Sentence = std::vector<int>;

/// The last step of a path that turns the output into the reference.
enum class Step : uint8_t { none, keep, replace, insert, remove };

constexpr int32_t unreachable = 1'000'000'000;

struct PathCell {
  int32_t cost = unreachable;
  Step step = Step::none;

  void offer(int32_t other, Step by) {
    if (other < cost) *this = {other, by};
  }
};

/// Distances of one prefix of the output to those prefixes of the reference that are near the diagonal.
struct PathRow {
  int64_t first = 0;  // length of the shortest prefix
  std::vector<PathCell> cells;

  PathCell at(int64_t length) const {
    const int64_t place = length - first;
    return place < 0 || place >= std::ssize(cells) ? PathCell{} : cells[static_cast<std::size_t>(place)];
  }
};

/// Edit distances of outputs of one length to one reference.
class NearDiagonal {
 public:
  NearDiagonal(const Sentence& reference, int64_t output_words)
      : reference_(reference),
        output_words_(output_words),
        ratio_(output_words > 0 ? static_cast<double>(reference.size()) / static_cast<double>(output_words) : 1) {
    constexpr double least_width = 25;
    width_ = static_cast<int64_t>(least_width < ratio_ / 2 ? std::ceil(ratio_ / 2 + least_width) : least_width);
  }

  PathRow first_row() const {
    PathRow row;
    for (int64_t i = 0; i <= std::ssize(reference_); ++i) row.cells.push_back({static_cast<int32_t>(i), Step::insert});
    return row;
  }

  /// Returns the row of the output's first `words` words; `last` is the last of them.
  PathRow next_row(const PathRow& above, int64_t words, int last) const {
    const auto diagonal = static_cast<int64_t>(std::floor(static_cast<double>(words) * ratio_));
    const int64_t whole = std::ssize(reference_) + 1;
    const int64_t end = words == output_words_ ? whole : std::min(whole, diagonal + width_);
    PathRow row{std::max<int64_t>(0, diagonal - width_), {}};
    row.cells.reserve(static_cast<std::size_t>(std::max<int64_t>(0, end - row.first)));
    for (int64_t length = row.first; length < end; ++length) {
      PathCell cell;
      if (length == 0) {
        cell = {above.at(0).cost + 1, Step::remove};
      } else {  // of equal ones, the first
        const bool same = last == reference_[static_cast<std::size_t>(length - 1)];
        cell.offer(above.at(length - 1).cost + (same ? 0 : 1), same ? Step::keep : Step::replace);
        cell.offer(above.at(length).cost + 1, Step::remove);
        cell.offer(row.at(length - 1).cost + 1, Step::insert);
      }
      row.cells.push_back(cell);
    }
    return row;
  }

  int64_t reference_words() const { return std::ssize(reference_); }

 private:
  const Sentence& reference_;
  int64_t output_words_;
  double ratio_;
  int64_t width_;
};

/// Places of the reference's words in the output, and the words of either side without an equal there.
struct WordAlignment {
  std::vector<int64_t> place;               // of each word of the reference; -1: before the first word
  std::vector<int64_t> wrong_output{0};     // number of wrong words among the first n
  std::vector<int64_t> wrong_reference{0};  // number of wrong words among the first n

  void add(Step step) {
    const bool of_output = step != Step::insert, of_reference = step != Step::remove;
    const int64_t wrong = step == Step::keep ? 0 : 1;
    if (of_output) wrong_output.push_back(wrong_output.back() + wrong);
    if (!of_reference) return;
    wrong_reference.push_back(wrong_reference.back() + wrong);
    place.push_back(std::ssize(wrong_output) - 2);
  }
};

int64_t count_between(const std::vector<int64_t>& sums, int64_t first, int64_t count) {
  return sums[static_cast<std::size_t>(first + count)] - sums[static_cast<std::size_t>(first)];
}

WordAlignment align(const std::vector<PathRow>& rows, int64_t reference_words) {
  std::vector<Step> steps;
  for (int64_t i = std::ssize(rows) - 1, j = reference_words; i > 0 || j > 0;) {
    const auto step = rows[static_cast<std::size_t>(i)].at(j).step;
    steps.push_back(step);
    if (step != Step::insert) --i;
    if (step != Step::remove) --j;
  }
  WordAlignment alignment;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) alignment.add(*step);
  return alignment;
}

/// Moves `length` words from `start` before the word that is now at `target`.
Sentence shifted(const Sentence& words, int64_t start, int64_t length, int64_t target) {
  Sentence result = words;
  const auto first = result.begin() + start, last = first + length;
  if (target < start) {
    std::rotate(result.begin() + target, first, last);
  } else if (target > start + length) {
    std::rotate(first, last, result.begin() + target);
  } else {  // inside the moved words: moves them by target - start words
    std::rotate(first, last, result.begin() + std::min(start + length + (target - start), std::ssize(words)));
  }
  return result;
}

struct Shift {
  int64_t gain = 0, length = 0, start = 0, target = 0;
  Sentence result;

  bool better_than(const Shift& other) const {
    return std::tuple(gain, length, -start, -target) >
           std::tuple(other.gain, other.length, -other.start, -other.target);
  }
};

/// Searches for the best shift.
class ShiftSearch {
 public:
  ShiftSearch(const Sentence& output, const Sentence& reference)
      : reference_(reference), table_(reference, std::ssize(output)), output_(output) {
    fill();
  }

  int64_t edits() {
    int64_t shifts = 0;
    while (reference_words() > 0) {
      auto best = find();
      if (checked_ >= most_candidates || !best || best->gain <= 0) break;
      ++shifts;
      output_ = std::move(best->result);
      fill();
    }
    return shifts + distance_;
  }

 private:
  static constexpr int64_t most_candidates = 1000, longest_shift = 10, farthest = 50;

  int64_t reference_words() const { return table_.reference_words(); }

  void fill() {
    rows_ = {table_.first_row()};
    for (std::size_t i = 0; i < output_.size(); ++i)
      rows_.push_back(table_.next_row(rows_.back(), static_cast<int64_t>(i) + 1, output_[i]));
    distance_ = rows_.back().at(reference_words()).cost;
    alignment_ = align(rows_, reference_words());
  }

  /// Returns the distance of another order of the same words. Reuses the rows of their common prefix.
  int64_t distance_of(const Sentence& words) const {
    const auto same = std::mismatch(words.begin(), words.end(), output_.begin()).first - words.begin();
    PathRow row = rows_[static_cast<std::size_t>(same)];
    for (auto i = static_cast<std::size_t>(same); i < words.size(); ++i)
      row = table_.next_row(row, static_cast<int64_t>(i) + 1, words[i]);
    return row.at(reference_words()).cost;
  }

  std::optional<Shift> find() {
    std::optional<Shift> best;
    for (int64_t start = 0; start < std::ssize(output_); ++start) {
      const int64_t end = std::min(reference_words(), start + farthest + 1);
      for (int64_t goal = std::max<int64_t>(0, start - farthest); goal < end; ++goal) {
        const int64_t most = std::min({longest_shift, std::ssize(output_) - start, reference_words() - goal});
        for (int64_t length = 1; length <= most && same_word(start + length - 1, goal + length - 1); ++length) {
          try_shift(start, goal, length, best);
          if (checked_ >= most_candidates) return best;
        }
      }
    }
    return best;
  }

  bool same_word(int64_t of_output, int64_t of_reference) const {
    return output_[static_cast<std::size_t>(of_output)] == reference_[static_cast<std::size_t>(of_reference)];
  }

  /// Tries moving words of the output to the place of the equal words of the reference, from `goal` on, if both are
  /// wrong now.
  void try_shift(int64_t start, int64_t goal, int64_t length, std::optional<Shift>& best) {
    if (count_between(alignment_.wrong_output, start, length) == 0) return;
    if (count_between(alignment_.wrong_reference, goal, length) == 0) return;
    const int64_t place = alignment_.place[static_cast<std::size_t>(goal)];
    if (start <= place && place < start + length) return;
    int64_t tried = -1;
    for (int64_t offset = -1; offset < length; ++offset) {
      const int64_t word = goal + offset;
      const int64_t target = word == -1 ? 0 : alignment_.place[static_cast<std::size_t>(word)] + 1;
      if (target == tried) continue;
      tried = target;
      Shift shift{0, length, start, target, shifted(output_, start, length, target)};
      shift.gain = distance_ - distance_of(shift.result);
      ++checked_;
      if (!best || shift.better_than(*best)) best = std::move(shift);
    }
  }

  const Sentence& reference_;
  NearDiagonal table_;
  Sentence output_;
  std::vector<PathRow> rows_;
  int64_t distance_ = 0;
  WordAlignment alignment_;
  int64_t checked_ = 0;
};

}  // namespace

int64_t translation_edits(const std::vector<int>& output, const std::vector<int>& reference) {
  return ShiftSearch(output, reference).edits();
}

}  // namespace seq2seq::metrics
