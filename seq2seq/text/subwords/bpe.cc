#include <algorithm>
#include <cstddef>
#include <optional>

#include "seq2seq/core/text.h"
#include "seq2seq/text/subwords/blanks.h"
#include "seq2seq/text/subwords/sample.h"

namespace seq2seq::text::subwords {
namespace {

/// Returns the next word with the blanks before it, or the whole text if pieces cross words.
std::string_view next_word(std::string_view text, bool cross_words) {
  if (cross_words) return text;
  std::size_t letters = 0;
  while (text.substr(letters).starts_with(blank_mark)) letters += blank_mark.size();
  return text.substr(0, text.find(blank_mark, letters));
}

/// The parts of one word, and the possible merges of neighbours.
class Word {
 public:
  Word(std::string_view text, const Pieces& pieces) : pieces_(&pieces) {
    while (!text.empty()) {
      parts_.push_back(first_characters(text, 1));
      text.remove_prefix(parts_.back().size());
    }
    for (std::size_t left = 0; left + 1 < parts_.size(); ++left) merges_.push_back(merge_at(left));
  }

  /// Makes the best merge that is not left out; returns false if there is none.
  bool merge(double dropout, Draws& draws) {
    std::vector<bool> left_out(merges_.size(), false);
    while (const auto best = best_merge(left_out)) {
      if (dropout > 0 && draws.next() < dropout) {
        left_out[*best] = true;
      } else {
        return join(*best), true;
      }
    }
    return false;
  }

  const std::vector<std::string_view>& parts() const { return parts_; }

 private:
  using Merge = const Pieces::Piece*;  // result of the merge; null: not a piece

  std::string_view joined(std::size_t left) const {
    return {parts_[left].data(), parts_[left].size() + parts_[left + 1].size()};
  }
  Merge merge_at(std::size_t left) const { return pieces_->find(joined(left)); }

  /// Returns the merge with the highest score; of equal scores, the leftmost.
  std::optional<std::size_t> best_merge(const std::vector<bool>& left_out) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < merges_.size(); ++i) {
      if (merges_[i] == nullptr || left_out[i]) continue;
      if (!best || merges_[i]->score > merges_[*best]->score) best = i;
    }
    return best;
  }

  void join(std::size_t left) {
    parts_[left] = joined(left);
    parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(left) + 1);
    merges_.erase(merges_.begin() + static_cast<std::ptrdiff_t>(left));
    if (left > 0) merges_[left - 1] = merge_at(left - 1);
    if (left < merges_.size()) merges_[left] = merge_at(left);
  }

  const Pieces* pieces_;
  std::vector<std::string_view> parts_;
  std::vector<Merge> merges_;  // merges_[i] of parts i and i + 1
};

}  // namespace

std::vector<std::string_view> merge_with_dropout(std::string_view text, const Pieces& pieces, double dropout,
                                                 Draws& draws) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto bytes = next_word(text, pieces.cross_words());
    text.remove_prefix(bytes.size());
    Word word(bytes, pieces);
    while (word.merge(dropout, draws)) {
    }
    parts.insert(parts.end(), word.parts().begin(), word.parts().end());
  }
  return parts;
}

}  // namespace seq2seq::text::subwords
