#pragma once

#include <string>
#include <string_view>

namespace seq2seq {

/// Returns a text as a terminal may show it: control characters, DEL and bytes that are not UTF-8 as `\x1B`, a tab as
/// `\t`; the ends of lines stay.
std::string printable(std::string_view text);

}  // namespace seq2seq
