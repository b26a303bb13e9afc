#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

/// What a reader of a stored JSON file needs beside the library, which makes a whole number of 1.9, of 1e300 and of
/// 2^64 - 1 as an int64_t, and in some functions calls itself once a level that a file nests. `Json` is either of
/// nlohmann's kinds of object; nothing of it is included here.
namespace seq2seq {

/// Not yet an Error: it knows no file. read_json makes one of it.
class JsonFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Returns the value. Throws JsonFault if T cannot hold it.
template <class T, class Json>
T whole(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.template get<uint64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  } else if (value.is_number_integer()) {
    const auto number = value.template get<int64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  }
  throw JsonFault(value.is_number() ? "a number is out of range for its field" : "a number was expected");
}

template <class Json>
std::vector<int64_t> wholes(const Json& values) {
  if (!values.is_array()) throw JsonFault("a list of numbers was expected");
  std::vector<int64_t> numbers;
  for (const auto& value : values) numbers.push_back(whole<int64_t>(value));
  return numbers;
}

/// Parses a text. Throws Json::exception if it is not JSON, and JsonFault for values that are nested too deeply.
template <class Json>
Json parse_json(std::string_view text) {
  constexpr int kDeepest = 32;  // our own files need five
  return Json::parse(text, [](int depth, auto /*event*/, const auto& /*value*/) {
    if (depth > kDeepest) throw JsonFault("its values are nested too deeply");
    return true;
  });
}

/// `read(json)` of a file's text. What is no JSON, and what `read` misses in it, is a FormatError with the place.
template <class Json, class Read>
auto read_json(std::string_view text, const Place& place, const std::string& remedy, const Read& read) {
  const auto damaged = [&](const char* fault) {
    constexpr std::size_t kLongest = 200;
    return FormatError(place, "is damaged: " + quote(fault, kLongest), remedy);
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
