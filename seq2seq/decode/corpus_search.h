#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/halving.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// All of these functions compute on batches of sentences of similar length. If memory does not suffice for a batch, it
/// is halved and tried again, as are the batches after it; the error is thrown if a single sentence does not fit.

/// The n best outputs of any number of sources, in their order, sentences of like length searched together. Ids and
/// token scores come in the order of the text. Length and target vocabulary are those of the first reading. `targets`
/// only provide lengths, if the options want outputs as long as their references; such options are an error without
/// `targets`. `demands` has one of each source, in the order of the text, or none; a prefix is only for targets that
/// are written forwards.
std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Readings& sources,
                                                const DecodeOptions& options, const Done& done = {},
                                                const Sentences* targets = nullptr,
                                                const std::vector<Demand>& demands = {});
/// The same, of one model.
std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Sentences& sources,
                                                const data::TextPipeline& text, const DecodeOptions& options,
                                                const Done& done = {}, const Sentences* targets = nullptr);

/// The scores of any number of pairs, in their order. Token scores come in the order of the text, the end symbol's
/// last. Targets are read as the first reading's text says.
std::vector<PairScore> score_all(const Predictor& predictor, const Readings& sources, const Sentences& targets,
                                 int64_t batch, const Done& done = {});
/// The same, of one model.
std::vector<PairScore> score_all(const Predictor& predictor, const Sentences& sources, const Sentences& targets,
                                 const data::TextPipeline& text, int64_t batch, const Done& done = {});

/// Returns the attention weights of any number of pairs, in their order. Rows are in the order of the target text,
/// columns in the order of the source text; the end symbol is last, for sources only if the encoder reads one. Empty if
/// the model has no attention to positions.
std::vector<AttentionWeights> attention_all(const Predictor& predictor, const Sentences& sources,
                                            const Sentences& targets, const data::TextPipeline& text, int64_t batch);

}  // namespace seq2seq::decode
