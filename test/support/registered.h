#pragma once

// Every registered kind in a small size, so that the generic tests run over all of them and a new kind is tested
// without a line of its own.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::test {

/// Values by key: by its path (`encoder.kind`), or by its last name wherever it stands (`cells`).
using Values = std::map<std::string, std::string>;

/// A kind with its defaults, but sizes that a test can afford, and with `values`.
Selection small(const Kinds& kinds, const std::string& kind, const Values& values = {});

/// A way to put a model together from what is registered.
struct ModelVariant {
  std::string name;  // `rnn, bridge copy`
  Selection selection;
};

/// Each kind of model, language models too; for the recurrent ones each kind of layer, encoder, bridge and output layer
/// in turn.
std::vector<ModelVariant> model_variants();
std::vector<std::string> names_of(const std::vector<ModelVariant>& variants);

/// 8, or 9 as the source has where both sides share their word vectors.
int64_t target_words_of(const std::string& variant);

/// The variant of this name for 9 source words and its target words, every parameter uniform in [-0.5, 0.5] by `seed`.
/// `dropout`: wherever the model has it.
std::shared_ptr<nn::Model> random_variant(const std::string& name, uint64_t seed, double dropout = 0,
                                          at::ScalarType type = at::kDouble, const nn::Placement& placement = {});

}  // namespace seq2seq::test
