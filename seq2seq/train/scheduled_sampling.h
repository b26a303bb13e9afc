#pragma once

#include <cstdint>
#include <optional>

#include "seq2seq/config/keys.h"

namespace seq2seq::train {

/// Unit of the draws between target and model's own words: all words of a pair together, or each word.
enum class SampleBy { pair, word };

/// Decreases the share that reads the target during training: Bengio et al. 2015, arXiv 1506.03099, section 2.4. With i
/// updates made after `from_update`, the factor is 1 - (1 - final) i / (to_update - from_update) until `to_update`
/// (linear), k^i (exponential) or k / (k + exp(i / k)) (inverse_sigmoid), and never below `final`.
struct ScheduledSamplingOptions {
  enum class Decay { none, linear, exponential, inverse_sigmoid } decay = Decay::none;
  int64_t from_update = 0;
  std::optional<int64_t> to_update;
  std::optional<double> k;
  double final = 0;
  SampleBy by = SampleBy::pair;
  /// Returns the factor of the share after this many updates.
  double factor(int64_t update) const;
};
void declare(config::Keys& keys, ScheduledSamplingOptions& options);

}  // namespace seq2seq::train
