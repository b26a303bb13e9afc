#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

/// Strict reading of stored JSON. The library would convert 1.9, 1e300 and 2^64 - 1 to an int64_t, and some of its
/// functions recurse once per nesting level. `Json` is either of nlohmann's object types; this header does not include
/// the library.
namespace seq2seq {

/// A fault without a file name; read_json converts it to an Error.
class JsonFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Returns the value. Throws JsonFault if T cannot hold it.
template <class T, class Json>
T to_integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.template get<uint64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  } else if (value.is_number_integer()) {
    const auto number = value.template get<int64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  }
  throw JsonFault(value.is_number() ? "a number is out of range for its field" : "expected a number");
}

template <class Json>
std::vector<int64_t> to_integers(const Json& values) {
  if (!values.is_array()) throw JsonFault("expected a list of numbers");
  std::vector<int64_t> numbers;
  for (const auto& value : values) numbers.push_back(to_integer<int64_t>(value));
  return numbers;
}

/// Parses a text. Throws Json::exception if it is not JSON, and JsonFault for values that are nested too deeply.
template <class Json>
Json parse_json(std::string_view text) {
  constexpr int kDeepest = 32;  // our own files need five levels
  return Json::parse(text, [](int depth, auto /*event*/, const auto& /*value*/) {
    if (depth > kDeepest) throw JsonFault("values are nested too deeply");
    return true;
  });
}

/// The fault of a JSON text.
struct JsonReason {
  std::string text;              // `key 'version' not found`
  int64_t line = 0, column = 0;  // where the text stops being JSON, counted from 1; 0 for other faults
};

/// Returns the reason in the message of one of nlohmann's exceptions, without the words that only its developers know.
JsonReason plain_reason(std::string_view message);

/// Returns `read(json)` of a text that starts at `place`: at the beginning of a file, or at one of its lines. Throws
/// FormatError with the place if the text is not JSON or `read` fails.
template <class Json, class Read>
auto read_json(std::string_view text, const Place& place, const std::string& remedy, const Read& read) {
  const auto damaged = [&](const char* fault) {
    constexpr std::size_t kLongest = 200;
    auto reason = plain_reason(fault);
    auto at = place;
    if (reason.line > 0) {
      at.line = std::max<int64_t>(place.line, 1) + reason.line - 1;
      at.column = reason.column;
      reason.text.insert(0, "not JSON from here on: ");
    }
    return FormatError(at, "is damaged: " + quote(reason.text, kLongest), remedy);
  };
  try {
    return read(parse_json<Json>(text));
  } catch (const typename Json::exception& fault) {
    throw damaged(fault.what());
  } catch (const JsonFault& fault) {
    throw damaged(fault.what());
  }
}

}  // namespace seq2seq
