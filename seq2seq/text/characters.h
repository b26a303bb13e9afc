#pragma once

#include <string_view>

namespace seq2seq::text {

/// The blanks of ASCII (space, tab, line feed, carriage return, form feed, vertical tab), the only characters that
/// separate words.
inline bool is_blank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// Byte order mark (BOM) that some editors write at the start of a file.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace seq2seq::text
