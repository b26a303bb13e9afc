#pragma once

#include <string>
#include <string_view>

#include "seq2seq/core/error.h"

namespace seq2seq::run {

/// Returns the sentence of a line of JSON lines: the string under `source` in an object. Throws Error at the place for
/// a line that is not such an object, for a duplicate key, and for a key that `translate` writes itself.
std::string json_source(std::string_view line, const Place& place);

/// Returns an object on one line with more members at its end: `{"id": 7}` and `{"output": "a"}` give `{"id": 7,
/// "output": "a"}`. The text of the line is not changed. Both must be objects.
std::string joined_objects(std::string_view line, std::string_view members);

}  // namespace seq2seq::run
