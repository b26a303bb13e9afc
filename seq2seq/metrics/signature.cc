#include <set>

#include <fmt/format.h>

#include "seq2seq/core/version.h"
#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

std::string signature(const References& references, std::string_view settings) {
  std::set<std::size_t> numbers;
  for (const auto& lines : references) numbers.insert(lines.size());
  const auto number = numbers.size() == 1 ? std::to_string(*numbers.begin()) : "var";
  return fmt::format("nrefs:{}|{}|version:seq2seq-{}", number, settings, version().number);
}

}  // namespace seq2seq::metrics
