#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/halving.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// All of these functions compute on batches of sentences of similar length. If a batch does not fit into memory, this
/// batch and all later ones are halved, and it is tried again. Throws the error if a single sentence does not fit.

/// Returns the n best outputs of any number of sources, in their order; sentences of similar length are searched
/// together. Ids and token scores are in the order of the text. Lengths and target vocabulary come from the first
/// reading. `targets` only provide lengths, for options that want outputs as long as their references; such options are
/// an error without `targets`. `constraints` has one entry per source, in the order of the text, or is empty; a prefix
/// needs targets that are written forwards.
std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Readings& sources,
                                                const DecodeOptions& options, const Done& done = {},
                                                const Sentences* targets = nullptr,
                                                const std::vector<OutputConstraints>& constraints = {});
/// As above, for one model.
std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Sentences& sources,
                                                const data::TextPipeline& text, const DecodeOptions& options,
                                                const Done& done = {}, const Sentences* targets = nullptr);

/// Returns the scores of any number of pairs, in their order. Token scores are in the order of the text, with the end
/// symbol last. Targets are read as the text options of the first reading say.
std::vector<PairScore> score_all(const Predictor& predictor, const Readings& sources, const Sentences& targets,
                                 int64_t batch, const Done& done = {});
/// As above, for one model.
std::vector<PairScore> score_all(const Predictor& predictor, const Sentences& sources, const Sentences& targets,
                                 const data::TextPipeline& text, int64_t batch, const Done& done = {});

/// Returns the attention weights of any number of pairs, in their order. Rows are in the order of the target text,
/// columns in the order of the source text; the end symbol is last, for sources only if the encoder reads one. Empty if
/// the model has no attention to positions.
std::vector<AttentionWeights> attention_all(const Predictor& predictor, const Sentences& sources,
                                            const Sentences& targets, const data::TextPipeline& text, int64_t batch);

}  // namespace seq2seq::decode
