#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/metrics/bleu.h"

namespace seq2seq::run {

/// A hypothesis to be ranked by a weighted sum of features.
struct Ranked {
  std::vector<double> features;
  metrics::BleuCounts bleu;
};
using RankedLists = std::vector<std::vector<Ranked>>;  // one list per sentence

double weighted_sum(const Ranked& hypothesis, const std::vector<double>& weights);
/// Returns the hypothesis with the highest weighted sum, the first of equal ones.
const Ranked& best_of(const std::vector<Ranked>& list, const std::vector<double>& weights);
/// Returns the corpus BLEU of the best hypothesis of each sentence.
double bleu_of_best(const RankedLists& lists, const std::vector<double>& weights);

struct TuneOptions {
  int64_t epochs = 60;
  double step = 0.01;    // the largest step (C)
  double decay = 0.999;  // of the background counts, per sentence
  uint64_t seed = 1;     // of the order of sentences
};

/// Returns weights that raise corpus BLEU on these lists: batch MIRA (Cherry and Foster 2012, N12-1047, algorithm 1),
/// from `start`. For each sentence, moves the hope (highest model score plus BLEU) ahead of the fear (highest model
/// score minus BLEU). BLEU of a sentence is computed together with decaying background counts. Measures the average
/// weights of each epoch and returns those with the highest corpus BLEU, or `start` if none is better. Weights are
/// scaled so that their absolute values sum to those of `start`.
std::vector<double> tune(const RankedLists& lists, std::vector<double> start, const TuneOptions& options = {});

}  // namespace seq2seq::run
