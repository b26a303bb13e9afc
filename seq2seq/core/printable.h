#pragma once

#include <string>
#include <string_view>

namespace seq2seq {

/// Returns a text that is safe to print on a terminal: control characters, DEL and bytes that are not UTF-8 as `\x1B`,
/// a tab as `\t`. Line ends stay.
std::string printable(std::string_view text);

}  // namespace seq2seq
