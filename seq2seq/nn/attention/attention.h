#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/attention/operations.h"
#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/deferred.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// Describes the two sides that an attention connects.
struct AttentionContext {
  int64_t query = 0;   // H: width of the decoder's rows, which are the queries
  int64_t memory = 0;  // M: width of the encoder's states
  ParameterPlace place;
  bool coverage = false;  // true if scores also read AttentionQueries::past; see needs_past()
};

/// Keys and values that queries look at, sentence by sentence. Made once per batch.
struct AttentionMemory {
  at::Tensor keys;    // [K, A] compared with the queries
  at::Tensor values;  // [K, width] whose weighted sum is a context
  /// The product of queries with a weight, for calls of one step each. Null: attend() multiplies.
  std::shared_ptr<const DeferredLinear> product = {};
  /// As `product`, one for each sentence of a source that consists of several.
  std::vector<std::shared_ptr<const DeferredLinear>> products = {};
};

/// Rows of a decoder that look at the source.
struct AttentionQueries {
  at::Tensor rows;            // [Q, H]
  at::Tensor position;        // [Q] each query's step in its target
  at::Tensor past = {};       // [P] sum of each pair's weights in earlier steps; undefined unless needs_past()
  bool wants_weights = true;  // if false, the weights of the result may be undefined
};

struct AttentionResult {
  at::Tensor context;  // [Q, width]
  at::Tensor weights;  // [P] of all pairs; those of a query sum to 1, or to less in kinds that say so
};

/// Looks at the source's states by content or by place. Holds parameters only.
class Attention : public Module {
 public:
  /// states [K, M] of the encoder, sentence by sentence. Returns the memory that attend() reads.
  virtual AttentionMemory prepare(const at::Tensor& states) const = 0;
  /// As prepare(), for sources that consist of several sentences. `part` [K]: the sentence of each state.
  virtual AttentionMemory prepare_parts(const at::Tensor& states, const std::vector<int64_t>& /*part*/) const {
    return prepare(states);
  }
  virtual AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                 const AttentionPairs& pairs) const = 0;
  virtual int64_t width() const = 0;  // of a context
  /// Returns true if a step needs the weights of earlier steps, as coverage does. Steps then run one by one.
  virtual bool needs_past() const { return false; }
  /// Returns true if gradients reach the weights, so that an objective or an output layer can use them.
  virtual bool differentiates_weights() const { return true; }
};

using AttentionRegistry = Registry<Attention, const AttentionContext&>;
AttentionRegistry builtin_attentions();

/// Returns the weights, a softmax of the scores [P], and the contexts, the values summed by these weights.
AttentionResult attend_by_scores(const at::Tensor& scores, const AttentionMemory& memory, const AttentionPairs& pairs);

}  // namespace seq2seq::nn
