#pragma once

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Sets the word vectors of each side from its file, if there is one, and reports how many words of the vocabulary the
/// file has. Other vectors do not change. Throws Error like data::read_word_vectors, and if the model has no word
/// vectors for a side.
void set_pretrained(nn::Model& model, const PretrainedOptions& options, const data::TextPipeline& text,
                    const Environment& environment);

}  // namespace seq2seq::run
