#pragma once

#include <string>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// Returns an error message for `freeze` with this model, or an empty string. Errors are a name that is not a part of
/// the model (the message has the nearest one), and a model with nothing left to train.
std::string wrong_freeze(const nn::Model& model, const std::vector<std::string>& freeze);

/// Returns the model's parameters without the frozen ones, each tensor once; afterwards only they require a gradient.
/// `freeze` names parts (`encoder`, `encoder.embedding`) or single parameters; a sliced parameter is named as a whole.
/// Throws Error if `freeze` is wrong, as above.
NamedParameters trainable_parameters(nn::Model& model, const std::vector<std::string>& freeze);

}  // namespace seq2seq::train
