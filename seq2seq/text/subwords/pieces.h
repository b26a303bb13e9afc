#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace seq2seq::text::subwords {

/// The pieces of a model with their scores, for search by prefix.
class Pieces {
 public:
  struct Piece {
    std::string text;
    double score;  // unigram: log probability; BPE: minus the rank of its merge
  };

  Pieces() = default;
  explicit Pieces(std::vector<Piece> pieces);

  const std::vector<Piece>& all() const { return pieces_; }  // in byte order
  const Piece* find(std::string_view text) const;            // null if there is none
  double lowest_score() const { return lowest_score_; }
  /// Returns true if a piece can extend from one word into the next: it has a blank mark after another character.
  bool cross_words() const { return cross_words_; }

  /// Calls `visit(piece)` for every piece that is a prefix of `text`, the shortest first.
  template <class Visit>
  void prefixes_of(std::string_view text, Visit visit) const {
    if (text.empty()) return;
    std::size_t first = starts_[static_cast<unsigned char>(text[0])];
    std::size_t last = starts_[static_cast<unsigned char>(text[0]) + 1U];
    for (std::size_t bytes = 1; first < last; ++bytes) {
      if (pieces_[first].text.size() == bytes) visit(pieces_[first++]);
      if (bytes == text.size()) return;
      narrow(first, last, bytes, text[bytes]);
    }
  }

 private:
  /// Narrows [first, last), the pieces with the same bytes before `at`, to those with `byte` there.
  void narrow(std::size_t& first, std::size_t& last, std::size_t at, char byte) const;

  std::vector<Piece> pieces_;              // in byte order
  std::array<std::size_t, 257> starts_{};  // the first piece that begins with each byte
  double lowest_score_ = 0;
  bool cross_words_ = false;
};

}  // namespace seq2seq::text::subwords
