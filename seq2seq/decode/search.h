#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/decode/ensemble.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/length_normalization.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/sampling.h"
#include "seq2seq/decode/unknown.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::decode {

/// The longest output, in tokens without the end symbol: ratio * source tokens + plus, and never more than `limit`.
struct MaxLengthOptions {
  double ratio = 2;
  int64_t plus = 10;
  int64_t limit = 1000;
};
void declare(config::Keys& keys, MaxLengthOptions& options);

/// For a source of so many tokens, its end symbol not counted. A fraction of a token counts as one.
int64_t longest_output(const MaxLengthOptions& options, int64_t source_tokens);

enum class SearchKind { beam, sample };

/// Output for an empty source line when translating. When outputs are measured it is always searched for, like every
/// other line.
enum class EmptySource { empty, translate };

/// A language model that takes part in the search (fused_predictor.h).
struct FusionOptions {
  std::filesystem::path run;  // its folder; empty: none
  double weight = 0.2;        // of its log-probabilities; 0: none
  bool any() const { return !run.empty() && weight > 0; }
};
void declare(config::Keys& keys, FusionOptions& options);

struct DecodeOptions {
  int64_t beam = 12;  // K; 1: greedy
  int64_t n_best = 1;
  MaxLengthOptions max_length;
  bool oracle_length = false;  // outputs are as long as their first references; max_length does not count
  int64_t min_length = 0;      // tokens of an output without the end symbol, where the longest length allows it
  LengthNormalization length_normalization;
  double patience = 0;          // of beam search; 0: it ends when no live hypothesis can win
  int64_t no_repeat_ngram = 0;  // tokens of the n-grams that no output has twice; 0: any may
  SearchKind search = SearchKind::beam;
  SampleOptions sample;
  bool refill = true;  // otherwise each complete hypothesis takes one place from the beam for good
  int64_t batch = 64;  // sentences that a caller of search() should hand over together; changes no result
  bool allow_unknown = false;
  UnknownOptions unknown;                               // for a caller of search() that writes text
  EnsembleMean ensemble = EnsembleMean::probabilities;  // for whoever makes an ensemble
  nn::Precision precision = nn::Precision::float32;
  FusionOptions language_model;
  EmptySource empty_source = EmptySource::empty;  // for a caller of search() that translates text
};
void declare(config::Keys& keys, DecodeOptions& options);

/// Returns what `options.search` finds: beam_search() or draw_samples(), see sampling.h. Outputs are in the order of
/// the sources, never none of one. `lengths` [B] are what the caller makes of max_length, min_length or oracle_length.
std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const Sources& sources,
                                            const std::vector<OutputLength>& lengths, const DecodeOptions& options);

/// The n best outputs of each source, best first, in the order of the sources; fewer where the search found no more,
/// never none. Throws Error when the model's probabilities are not numbers.
///
/// Beam search as in arXiv 1409.3215, section 3.2, with K = `beam`, for each source by itself:
/// 1. At first one hypothesis is live, with nothing written.
/// 2. At each step all extensions of the live hypotheses, by a word or by the end symbol, are ranked by score; equal
///    ones in the order of their ids, word by word. All compete for the K places: one that ends goes to the complete
///    set if it stands among the first K, and is dropped otherwise. The best K of those that do not end, wherever they
///    stand, are the live ones of the next step. Without `refill` each complete hypothesis keeps its place, so that K
///    falls by one with it, and only what stands among the first K of a step lives on; the search ends with K at 0.
/// 3. Scores only fall: once n hypotheses are complete, a live one that could not rank before the n-th of them at any
///    length is dropped (LengthNormalization::bound). The search is over when none is live; with `patience` p (Kasai et
///    al. 2022, arXiv 2204.05424), once p K hypotheses are complete. Live hypotheses are of one length, so that
///    normalization changes nothing of 2.
/// 4. Below the shortest length the end symbol is no extension.
/// 5. With `no_repeat_ngram` n, a word that would end an n-gram for the second time is no extension. A hypothesis that
///    has no extension left is dropped, or cut if it is the last one.
/// 6. Live hypotheses of the longest length get one more step, in which they can only end. Those whose end does not
///    stand among the first K are cut: marked, scored as they stand, and ranked with the complete ones.
/// Greedy search is the case K = 1. A score is what the predictor gives: of a model the natural log-probability of the
/// output, with a language model beside it the weighted sum of both.
std::vector<std::vector<Hypothesis>> beam_search(const Predictor& predictor, const Sources& sources,
                                                 const std::vector<OutputLength>& lengths,
                                                 const DecodeOptions& options);

}  // namespace seq2seq::decode
