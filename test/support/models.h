#pragma once

// Small random models and batches for tests.

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/data/packed.h"
#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::test {

struct ModelShape {
  int64_t source_words = 9, target_words = 8;  // with special symbols
  int64_t embedding = 5, layers = 2, cells = 6;
  double dropout = 0;
};

/// Return the choice of a stack of LSTM layers, for a decoder and for an encoder.
Selection lstm_stack(int64_t layers, int64_t cells);
Selection lstm_encoder(int64_t layers, int64_t cells);

/// Makes the recurrent model of this shape, every parameter uniform in [-0.5, 0.5] by `seed`.
std::shared_ptr<nn::Model> random_model(uint64_t seed, const ModelShape& shape = {}, at::ScalarType type = at::kFloat,
                                        const nn::Placement& placement = {});
/// Returns a placement with the output layer in shards of these sizes and the whole model on the CPU.
nn::Placement output_shards(const std::vector<int64_t>& shares);

/// Gives every parameter of a module a value in [-0.5, 0.5].
void randomize(torch::nn::Module& module, uint64_t seed, at::ScalarType type = at::kFloat);

/// Returns sentences of these lengths with ids in [lowest, words). They depend only on the seed.
std::vector<std::vector<int64_t>> random_ids(uint64_t seed, const std::vector<int64_t>& lengths, int64_t words,
                                             int64_t lowest = 3);

/// 0, 1, 2, ...
std::vector<int64_t> numbers(size_t count);

/// Returns the sentences of random_ids(), packed, with the keys 0, 1, 2, ...
data::Packed random_sentences(uint64_t seed, const std::vector<int64_t>& lengths, int64_t words);

/// Returns normal random rows [N, width] over a layout of these lengths.
data::Packed random_packed(const std::vector<int64_t>& lengths, int64_t width, at::ScalarType type = at::kDouble);

/// Returns the rows of one sentence, in order of its steps.
at::Tensor rows_of(const data::Packed& packed, int64_t sentence);

}  // namespace seq2seq::test
