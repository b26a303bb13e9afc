#include "seq2seq/run/metric_names.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/core/text.h"

namespace seq2seq::run {

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names{"perplexity", "exact_match", "sequence_error_rate", "token_error_rate",
                                              "bleu"};
  return names;
}

std::string unknown_metric(const std::vector<std::string>& names) {
  const auto& known = metric_names();
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = config::nearest(name, known);
    return fmt::format("has no metric {}; {}", quote(name),
                       near.empty() ? fmt::format("known are {}", fmt::join(known, ", "))
                                    : fmt::format("the nearest known one is `{}`", near));
  }
  return {};
}

bool need_outputs(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name != "perplexity"; });
}

}  // namespace seq2seq::run
