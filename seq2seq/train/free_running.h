#pragma once

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/scheduled_sampling.h"

namespace seq2seq::train {

/// Returns the input of the decoder in this update, ids [N] in the layout of `batch.inputs`. Of the pairs, each by
/// itself, the share `teacher_forcing` reads its target (Williams and Zipser 1989); every other one reads, after the
/// start symbol, the words to which the model itself gives the highest probability, one after another, as many as the
/// target has, whether or not the end symbol is among them. With SampleBy::word the share is that of the words, each by
/// itself (Bengio et al. 2015, arXiv 1506.03099, section 2.4). Which pairs or words, and what is dropped out meanwhile,
/// is a function of (seed, update, pair, position), so that reading these ids at once writes the words that were
/// written one by one.
data::Packed decoder_inputs(const nn::Model& model, const nn::Memory& memory, const data::Batch& batch,
                            double teacher_forcing, const nn::Draw& draw, SampleBy by = SampleBy::pair);

}  // namespace seq2seq::train
