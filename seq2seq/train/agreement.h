#pragma once

#include <cstdint>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/team.h"

namespace seq2seq::train {

/// Compares the parameters of all ranks, by the sum of each one's bits, read as integers. Throws Error naming the ranks
/// and the first parameter whose sum differs from that of rank 0. Differences that cancel out in a sum are not found.
void check_same_parameters(Team& team, const nn::Model& model, int64_t update);

}  // namespace seq2seq::train
