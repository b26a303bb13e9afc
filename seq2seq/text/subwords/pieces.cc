#include "seq2seq/text/subwords/pieces.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "seq2seq/text/subwords/blanks.h"

namespace seq2seq::text::subwords {
namespace {

bool crosses_words(std::string_view piece) {
  while (piece.starts_with(blank_mark)) piece.remove_prefix(blank_mark.size());
  return piece.find(blank_mark) != std::string_view::npos;
}

unsigned char byte_at(const Pieces::Piece& piece, std::size_t at) { return static_cast<unsigned char>(piece.text[at]); }

}  // namespace

Pieces::Pieces(std::vector<Piece> pieces)
    : pieces_(std::move(pieces)), lowest_score_(std::numeric_limits<double>::max()) {
  std::sort(pieces_.begin(), pieces_.end(), [](const auto& a, const auto& b) { return a.text < b.text; });
  for (const auto& piece : pieces_) {
    lowest_score_ = std::min(lowest_score_, piece.score);
    cross_words_ = cross_words_ || crosses_words(piece.text);
    ++starts_[byte_at(piece, 0) + 1U];
  }
  for (std::size_t byte = 1; byte < starts_.size(); ++byte) starts_[byte] += starts_[byte - 1];
}

const Pieces::Piece* Pieces::find(std::string_view text) const {
  const Piece* found = nullptr;
  prefixes_of(text, [&](const Piece& piece) {
    if (piece.text.size() == text.size()) found = &piece;
  });
  return found;
}

void Pieces::narrow(std::size_t& first, std::size_t& last, std::size_t at, char byte) const {
  const auto wanted = static_cast<unsigned char>(byte);
  const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = pieces_.begin() + static_cast<std::ptrdiff_t>(last);
  const auto from = std::partition_point(begin, end, [&](const auto& piece) { return byte_at(piece, at) < wanted; });
  const auto to = std::partition_point(from, end, [&](const auto& piece) { return byte_at(piece, at) == wanted; });
  first = static_cast<std::size_t>(from - pieces_.begin());
  last = static_cast<std::size_t>(to - pieces_.begin());
}

}  // namespace seq2seq::text::subwords
