#pragma once

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/scheduled_sampling.h"

namespace seq2seq::train {

/// Returns the input of the decoder in this update, ids [N] in the layout of `batch.inputs`. Each pair reads its target
/// with probability `teacher_forcing` (Williams and Zipser 1989). Every other pair reads, after the start symbol, the
/// words that the model itself finds most probable, one after another, as many as the target has, even after an end
/// symbol. With SampleBy::word each word is drawn separately (Bengio et al. 2015, arXiv 1506.03099, section 2.4). The
/// choice of pairs or words, and dropout, are functions of (seed, update, pair, position), so that reading these ids
/// all at once results in the same words as writing them one by one.
data::Packed decoder_inputs(const nn::Model& model, const nn::Memory& memory, const data::Batch& batch,
                            double teacher_forcing, const nn::Draw& draw, SampleBy by = SampleBy::pair);

}  // namespace seq2seq::train
