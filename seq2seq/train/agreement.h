#pragma once

#include <cstdint>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/team.h"

namespace seq2seq::train {

/// Compares all parameters with those of rank 0. Throws Error naming the ranks and the first parameter that differ in
/// any bit.
void check_same_parameters(Team& team, const nn::Model& model, int64_t update);

}  // namespace seq2seq::train
