#include "seq2seq/study/record/operations.h"

#include <string_view>

namespace seq2seq::study {

double training_operations(const std::vector<std::pair<std::string, int64_t>>& parts, double source_tokens,
                           double target_tokens) {
  constexpr double per_parameter = 6;
  double operations = 0;
  for (const auto& [part, parameters] : parts) {
    const std::string_view name = part;
    if (name.ends_with("embedding")) continue;
    const double tokens = name.starts_with("encoder") ? source_tokens : target_tokens;
    operations += per_parameter * static_cast<double>(parameters) * tokens;
  }
  return operations;
}

}  // namespace seq2seq::study
