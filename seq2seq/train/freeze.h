#pragma once

#include <string>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// Returns an error message for `freeze` with this model, or an empty string: for a name that is not a part of the
/// model (with the nearest one), or if nothing is left to train.
std::string wrong_freeze(const nn::Model& model, const std::vector<std::string>& freeze);

/// The model's parameters without those frozen, each tensor once; only they require a gradient afterwards. `freeze`
/// names parts (`encoder`, `encoder.embedding`) or single parameters, a sliced one as a whole. Throws Error when it is
/// wrong, as above.
NamedParameters trainable_parameters(nn::Model& model, const std::vector<std::string>& freeze);

}  // namespace seq2seq::train
