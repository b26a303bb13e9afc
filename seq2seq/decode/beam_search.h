#pragma once

#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/sampling.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// Returns the n best outputs of each source, best first, in the order of the sources. Returns fewer if the search
/// found no more, but always at least one. Throws Error if the model's probabilities are not numbers.
///
/// Beam search as in arXiv 1409.3215, section 3.2, with K = `beam`, for each source separately:
/// 1. At first one hypothesis is live, with nothing written.
/// 2. At each step all extensions of the live hypotheses, by a word or by the end symbol, are ranked by their value
///    (ScoringRule: without penalties the score), equal ones in the order of their ids, word by word. All compete for
///    the K places. An extension that ends goes to the complete set if it is among the first K; otherwise it is
///    dropped. The best K extensions that do not end, at any rank, are the live hypotheses of the next step. Without
///    `refill` each complete hypothesis keeps its place: K falls by one, and only extensions among the first K of a
///    step stay live. The search ends with K at 0.
/// 3. Values only fall. Once n hypotheses are complete, a live hypothesis that could not rank before the n-th of them
///    at any length is dropped (ScoringRule::bound). The search is over when none is live, or with `patience` p (Kasai
///    et al. 2022, arXiv 2204.05424) once p K hypotheses are complete. All live hypotheses have the same length, so
///    normalization and coverage, which rank outputs, do not change step 2.
/// 4. Below the shortest length the end symbol is not an extension.
/// 5. With `no_repeat_ngram` n, a word that would end an n-gram for the second time is not an extension. A hypothesis
///    without extensions is dropped, or cut if it is the last one.
/// 6. Live hypotheses of the longest length get one more step, in which they can only end. Those that do not end among
///    the first K are cut: marked, scored without an end symbol, and ranked with the complete ones.
/// 7. With G `diverse_beam.groups` (Vijayakumar et al. 2016, arXiv 1610.02424), G such searches of K / G places each
///    run side by side and take turns at each step. In the ranking of step 2 a word loses `diverse_beam.strength` for
///    each hypothesis of an earlier group that has just written it; its value does not change. The n best outputs of
///    all groups are returned, equal outputs once.
/// 8. Until a required prefix is written, its next word is the only extension.
/// 9. While required phrases are missing, the words that continue one of them are extensions, too. The end symbol is an
///    extension only after all of them, and places are shared out by the number of phrase words met (phrases.h). A
///    hypothesis that lacks a phrase is returned, cut, only if nothing else was found.
/// Greedy search is the case K = 1. Scores are those of the predictor: for a model the natural log-probability of the
/// output, with a language model the weighted sum of both.
///
/// `constraints` has one entry per source, or is empty.
std::vector<std::vector<Hypothesis>> beam_search(const Predictor& predictor, const Sources& sources,
                                                 const std::vector<OutputLength>& lengths, const DecodeOptions& options,
                                                 const std::vector<OutputConstraints>& constraints = {});

/// Returns, for each source, the positions of its words in the encoder's input: all but that of the end symbol.
std::vector<std::vector<int64_t>> word_positions(const Sources& sources);

}  // namespace seq2seq::decode
