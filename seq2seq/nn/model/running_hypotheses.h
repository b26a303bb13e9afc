#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/nn/model/decoder_state.h"

namespace seq2seq::nn {

/// State of the hypotheses of a chunk while its steps run one by one, in the sorted order of its rows. A hypothesis
/// leaves after its own last step.
class RunningHypotheses {
 public:
  RunningHypotheses(const RecurrentState& state, const Layout& chunk);

  /// The first `count` continue; the others have finished.
  void keep(int64_t count);
  /// Runs one step of the continuing hypotheses. Their rows begin at `first_row` of the chunk.
  std::shared_ptr<const Layout> step(const Layout& chunk, int64_t first_row) const;
  const std::vector<int64_t>& owner() const { return owner_; }  // [running] source of each hypothesis
  Carried& carried() { return carried_; }
  /// Writes the state of each hypothesis after its last step back into `state`.
  void finish(RecurrentState& state) &&;

 private:
  Ids order_;               // [running at first] each hypothesis, in the caller's numbering
  bool in_order_ = false;   // true if these are all hypotheses 0, 1, 2, ...
  at::Tensor key_;          // see Layout
  at::Tensor key_on_host_;  // `key_` on the CPU; undefined if `key_` is there already
  std::vector<int64_t> owner_;
  Carried carried_;
  std::vector<std::vector<at::Tensor>> ended_;  // in the order of leaving: the carried tensors of those that left
};

}  // namespace seq2seq::nn
