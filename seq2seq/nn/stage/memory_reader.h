#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/stage/flow.h"

namespace seq2seq::nn {

/// Reads the memory that the stages of an encoder pass on, for a stage that computes all its rows at once.
class MemoryReader {
 public:
  /// `states`: of the top layer. `last`: one per layer.
  MemoryReader(std::shared_ptr<RowFlow> states, std::vector<std::shared_ptr<StateFlow>> last);
  /// Returns the memory of the source `ids` as the first leaves of a graph.
  Memory read(const Packed& ids, LocalGraph& graph);
  /// Passes the gradients of these leaves on, after the graph ran backward.
  void answer(const LocalGraph& graph) const;

 private:
  std::shared_ptr<RowFlow> states_;
  std::vector<std::shared_ptr<StateFlow>> last_;
  at::Tensor states_reader_;
  std::vector<size_t> readers_, parts_;  // of each layer: number as a reader, and tensors of its state
};

}  // namespace seq2seq::nn
