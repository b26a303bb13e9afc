#pragma once

#include <string>
#include <string_view>

#include "seq2seq/core/error.h"

namespace seq2seq::run {

/// The sentence of a line of JSON lines: the string under `source` of an object. Throws Error at the place for a line
/// that is no such object, for a key twice, and for a key that `translate` writes itself.
std::string json_source(std::string_view line, const Place& place);

/// An object on one line, with more members at its end: `{"id": 7}` and `{"output": "a"}` give `{"id": 7, "output":
/// "a"}`. The text of the line does not change, byte for byte. Both must be objects.
std::string joined_objects(std::string_view line, std::string_view members);

}  // namespace seq2seq::run
