#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// A part of a stack of layers that need whole sentences: the word vectors, or a layer.
struct SentencePart {
  std::vector<at::Tensor> parameters;
  ParameterPlace place;
  int64_t kept = 0;  // numbers per row that it keeps for its backward pass, its output included
};

/// Runs the part over a batch: rows [N, W] of the part below and, in a decoder, the encoder's states [M, W] -> rows [N,
/// W], all sentence by sentence and on the part's device. The word vectors read neither. May be called on any thread.
using SentenceWork = std::function<at::Tensor(const at::Tensor& below, const at::Tensor& states)>;

/// Batch for a stack.
struct SentenceBatch {
  Packed ids;                     // [N] on the device of the word vectors
  std::vector<int64_t> states{};  // [B] rows of each sentence in the encoder's states
  const Draw* draw = nullptr;     // null: nothing is dropped
  std::vector<int64_t> places;    // place of each part; parts of one place never run at the same time
  bool packs = false;             // true if the last layer's rows come out in packed order
};

/// A stack of layers that each need whole sentences, such as a Transformer's. Its parts can be stages of a pipeline,
/// which run over all rows of a batch or over some of its sentences.
class SentenceStack {
 public:
  virtual ~SentenceStack() = default;
  /// Returns the word vectors, then the layers from the bottom.
  virtual std::vector<SentencePart> parts() const = 0;
  /// Prepares the data of a batch that all parts share, and returns the work of each part. The stack and `batch.draw`
  /// must outlive it.
  virtual std::vector<SentenceWork> begin(const SentenceBatch& batch) const = 0;
};

}  // namespace seq2seq::nn
