#pragma once

// Every registered kind in a small size, so that the generic tests run on all of them and a new kind is tested without
// further code.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::test {

/// Values by key: by path (`encoder.kind`), or by the last name of any path (`cells`).
using Values = std::map<std::string, std::string>;

/// Returns a kind with its defaults, except small sizes for tests, and with `values`.
Selection small(const Kinds& kinds, const std::string& kind, const Values& values = {});

/// A combination of registered parts of a model.
struct ModelVariant {
  std::string name;  // `rnn, bridge copy`
  Selection selection;
};

/// Returns a variant for each kind of model, also language models; for recurrent ones, also for each kind of layer,
/// encoder, bridge and output layer.
std::vector<ModelVariant> model_variants();
std::vector<std::string> names_of(const std::vector<ModelVariant>& variants);

/// Returns 8, or 9 as in the source if both sides share their word vectors.
int64_t target_words_of(const std::string& variant);

/// Makes the variant of this name for 9 source words and its target words, every parameter uniform in [-0.5, 0.5] by
/// `seed`. `dropout`: in all places of the model.
std::shared_ptr<nn::Model> random_variant(const std::string& name, uint64_t seed, double dropout = 0,
                                          at::ScalarType type = at::kDouble, const nn::Placement& placement = {});

}  // namespace seq2seq::test
