#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {

/// Rotation angles of queries and keys, see rotate(); undefined: no rotation.
struct Rotation {
  at::Tensor cosine, sine;  // [N, D / 2]
};

/// Rows stored sentence by sentence, on one device.
struct SentenceRows {
  /// Sentence and position of each row in this order; has no steps.
  std::shared_ptr<const Layout> layout;
  Rotation rotation;
  const Draw* draw = nullptr;  // null: nothing is dropped
  /// For dropout of attention weights: for each sentence, the pair's number and the position of its first row.
  std::vector<int64_t> keys{};
  int64_t first_position = 0;

  SentenceRows on(c10::Device device) const;
};

/// Leaves `rotation` undefined. `drops_weights`: whether attention weights are dropped, too.
SentenceRows sentence_rows(const Layout& packed, const SentenceOrder& order, const Draw* draw, bool drops_weights);

/// Dropout of rows [N, width].
at::Tensor dropped(const at::Tensor& rows, const SentenceRows& at, double share, Site site);

}  // namespace seq2seq::nn
