#pragma once

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Sets the word vectors of either side from its file, where one is named, and says how many of the vocabulary's words
/// it has. Others stay as they are. Throws Error as data::read_word_vectors, and where the model has no word vectors of
/// a side.
void set_pretrained(nn::Model& model, const PretrainedOptions& options, const data::TextPipeline& text,
                    const Environment& environment);

}  // namespace seq2seq::run
