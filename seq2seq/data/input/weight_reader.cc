#include "seq2seq/data/input/weight_reader.h"

#include <charconv>
#include <limits>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::data {

std::optional<float> WeightReader::next() {
  std::string line;
  if (!lines_.next(line)) return std::nullopt;
  float weight = 0;
  const char* const end = line.data() + line.size();
  const auto read = std::from_chars(line.data(), end, weight);
  const bool number = read.ec == std::errc() && read.ptr == end && weight >= 0;  // NaN fails the comparison
  if (!number || weight > std::numeric_limits<float>::max()) {
    throw Error(Place{lines_.file().string(), lines_.lines(), 0, {}},
                fmt::format("expected a number of at least 0, found {}", quote(line)),
                "Each line of `data.train.weights` is the weight of the pair on the same line");
  }
  return weight;
}

}  // namespace seq2seq::data
