#pragma once

#include <string>

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

/// Score of attention within a window.
enum class LocalScore { general, dot };

struct LocalAttentionOptions {
  int64_t window = 10;  // D
  LocalScore score = LocalScore::general;
};
void declare(config::Keys& keys, LocalAttentionOptions& options);

/// Throws UsageError for `score: dot` if query and state differ in width. `kind`: name of the attention.
void check_widths(const LocalAttentionOptions& options, const AttentionContext& context, const std::string& kind);

/// Repeats a number of each query [Q] for each of its pairs [P].
at::Tensor of_each_pair(const at::Tensor& of_queries, const AttentionPairs& pairs);

/// Softmax over the keys at a distance of at most `window` from their query's centre; 0 for other keys. [P] `distance`
/// [P]: from the centre.
at::Tensor softmax_in_window(const at::Tensor& scores, const at::Tensor& distance, int64_t window,
                             const AttentionPairs& pairs);

}  // namespace seq2seq::nn
