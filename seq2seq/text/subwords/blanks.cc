#include "seq2seq/text/subwords/blanks.h"

#include <cstddef>

#include "seq2seq/text/characters.h"

namespace seq2seq::text::subwords {
namespace {

constexpr std::string_view kEscape = "\u2582", kEscapedMark = "\u2582\u2583", kEscapedEscape = "\u2582\u2582";

}  // namespace

std::string escape_blanks(std::string_view line) {
  std::string text;
  text.reserve(line.size());
  while (!line.empty()) {
    if (line.starts_with(blank_mark)) {
      text += kEscapedMark;
      line.remove_prefix(blank_mark.size());
    } else if (line.starts_with(kEscape)) {
      text += kEscapedEscape;
      line.remove_prefix(kEscape.size());
    } else {
      text += is_blank(line[0]) ? ' ' : line[0];
      line.remove_prefix(1);
    }
  }
  return text;
}

std::string unescape_blanks(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with(blank_mark)) {
      line += ' ';
      text.remove_prefix(blank_mark.size());
    } else if (text.starts_with(kEscapedMark) || text.starts_with(kEscapedEscape)) {
      line += text.starts_with(kEscapedMark) ? blank_mark : kEscape;
      text.remove_prefix(kEscapedMark.size());
    } else {
      line += text[0];
      text.remove_prefix(1);
    }
  }
  return line;
}

}  // namespace seq2seq::text::subwords
