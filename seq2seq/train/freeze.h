#pragma once

#include <string>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// The model's parameters without those frozen, each tensor once; only they require a gradient afterwards. `freeze`
/// names parts
/// (`encoder`, `encoder.embedding`) or single parameters. Throws Error for a name that is neither, with the nearest.
NamedParameters trainable_parameters(nn::Model& model, const std::vector<std::string>& freeze);

}  // namespace seq2seq::train
