#pragma once

#include <vector>

#include "seq2seq/decode/demand.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/sampling.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// The n best outputs of each source, best first, in the order of the sources; fewer where the search found no more,
/// never none. Throws Error when the model's probabilities are not numbers.
///
/// Beam search as in arXiv 1409.3215, section 3.2, with K = `beam`, for each source by itself:
/// 1. At first one hypothesis is live, with nothing written.
/// 2. At each step all extensions of the live hypotheses, by a word or by the end symbol, are ranked by their value
///    (ScoringRule: without penalties the score); equal ones in the order of their ids, word by word. All compete for
///    the K places: one that ends goes to the complete set if it stands among the first K, and is dropped otherwise.
///    The best K of those that do not end, wherever they stand, are the live ones of the next step. Without `refill`
///    each complete hypothesis keeps its place, so that K falls by one with it, and only what stands among the first K
///    of a step lives on; the search ends with K at 0.
/// 3. Values only fall: once n hypotheses are complete, a live one that could not rank before the n-th of them at any
///    length is dropped (ScoringRule::bound). The search is over when none is live; with `patience` p (Kasai et al.
///    2022, arXiv 2204.05424), once p K hypotheses are complete. Live hypotheses are of one length, so that neither
///    normalization nor coverage, which rank outputs, changes anything of 2.
/// 4. Below the shortest length the end symbol is no extension.
/// 5. With `no_repeat_ngram` n, a word that would end an n-gram for the second time is no extension. A hypothesis that
///    has no extension left is dropped, or cut if it is the last one.
/// 6. Live hypotheses of the longest length get one more step, in which they can only end. Those whose end does not
///    stand among the first K are cut: marked, scored as they stand, and ranked with the complete ones.
/// 7. With G `diverse_beam.groups` (Vijayakumar et al. 2016, arXiv 1610.02424), G such searches of K / G places each
///    run side by side. At each step they take turns, and in the ranking of 2 a word loses `diverse_beam.strength` for
///    each hypothesis of an earlier group that has just gone on by this word; the value stays as it is. The n best of
///    all groups are returned, equal outputs once.
/// 8. Until a demanded prefix is written, its next word is the only extension.
/// 9. While phrases are demanded, the words that go on with one of them are extensions, too; the end symbol is one only
///    after all of them; and the places are shared out by the number of phrase words met (phrases.h). What lacks a
///    phrase is returned, cut, only where nothing else was found.
/// Greedy search is the case K = 1. A score is what the predictor gives: of a model the natural log-probability of the
/// output, with a language model beside it the weighted sum of both.
///
/// `demands` has one of each source, or none.
std::vector<std::vector<Hypothesis>> beam_search(const Predictor& predictor, const Sources& sources,
                                                 const std::vector<OutputLength>& lengths, const DecodeOptions& options,
                                                 const std::vector<Demand>& demands = {});

/// For each source the positions of its words among those that the encoder reads: all but the end symbol's.
std::vector<std::vector<int64_t>> word_positions(const Sources& sources);

}  // namespace seq2seq::decode
