#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// What one layer carries from step to step, sentences first, in the caller's order. LSTM: h [B, H] and c [B, H].
using State = std::vector<at::Tensor>;

/// What a stack is told by the model it stands in.
struct StackContext {
  int64_t input = 0;  // width of the rows the first layer reads
  std::function<c10::Device(int64_t layer)> device = [](int64_t) { return c10::Device(c10::kCPU); };
};

/// What a stack makes of its weights for calls of few steps each, as a search makes them. Holds for these values of the
/// weights alone.
class PreparedWeights {
 public:
  virtual ~PreparedWeights() = default;
};

/// Recurrent layers one above the other. Holds parameters only: states go in and come out.
class Stack : public torch::nn::Module {
 public:
  virtual int64_t layers() const = 0;
  virtual int64_t cells() const = 0;  // H: width of the rows that come out
  /// The state before the first step, zeros, for `sentences` sentences.
  virtual State zero(int64_t layer, int64_t sentences) const = 0;
  /// One layer over a chunk of steps [N, width below] -> [N, H]; `state` holds each sentence's state before the chunk
  /// and, afterwards, after its own last step in it. Sentences without a row in the chunk keep theirs. Rows and state
  /// lie on the layer's device.
  /// `prepared`: what prepare() made, or null; changes no result.
  virtual Packed run_layer(int64_t layer, const Packed& chunk, State& state, const PreparedWeights* prepared) const = 0;
  /// Null where nothing is gained by it.
  virtual std::shared_ptr<const PreparedWeights> prepare() const { return nullptr; }
  virtual c10::Device device(int64_t layer) const = 0;

  std::vector<State> zero_states(int64_t sentences) const;
  /// All layers in order, with dropout of `share` on what passes between two (not before the first nor after the last).
  Packed run(const Packed& input, std::vector<State>& states, double share, Site::Part part, const Draw* draw,
             const PreparedWeights* prepared = nullptr) const;
};

using StackRegistry = Registry<Stack, const StackContext&>;
StackRegistry builtin_stacks();  // lstm

/// What kinds of stack need at least.
struct StackOptions {
  int64_t layers = 1;
  int64_t cells = 512;
};
void declare(config::Keys& keys, StackOptions& options);

}  // namespace seq2seq::nn
