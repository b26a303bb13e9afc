#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/nn/model/decoder_state.h"

namespace seq2seq::nn {

/// State of the hypotheses of a chunk while its steps run one by one, in the sorted order of its rows. Hypotheses leave
/// after their own last step.
class RunningHypotheses {
 public:
  RunningHypotheses(const RecurrentState& state, const Layout& chunk);

  /// The first `count` continue; the others have finished.
  void keep(int64_t count);
  /// Runs one step of the continuing hypotheses, whose rows begin at `first_row` of the chunk.
  std::shared_ptr<const Layout> step(const Layout& chunk, int64_t first_row) const;
  const std::vector<int64_t>& owner() const { return owner_; }  // [running] the source of each
  Carried& carried() { return carried_; }
  /// Puts what each hypothesis carried after its last step back into the state.
  void finish(RecurrentState& state) &&;

 private:
  Ids order_;               // [running at first] the hypothesis of each, in the caller's numbers
  bool in_order_ = false;   // whether these are 0, 1, 2, ... of all of them
  at::Tensor key_;          // of each, see Layout
  at::Tensor key_on_host_;  // the same on the CPU; undefined where key_ lies there
  std::vector<int64_t> owner_;
  Carried carried_;
  std::vector<std::vector<at::Tensor>> ended_;  // in the order in which they left, each a list of what was carried
};

}  // namespace seq2seq::nn
