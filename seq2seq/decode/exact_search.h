#pragma once

#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/sampling.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// Returns the n best of all outputs of each source that end within the longest length, for any beam: Stahlberg and
/// Byrne 2019, arXiv 1908.10090. In the order of the sources, best first.
///
/// Depth-first branch and bound. Starts with the outputs of beam search as the ones to beat. A partial output that
/// could not be listed before the n-th best output so far at any length (ScoringRule::bound) is never extended. Of the
/// partial outputs of one length the most probable ones are extended first, some at a time.
///
/// At most `exact_nodes` partial outputs of a source are extended. If the search of a source stops at this limit, it
/// returns the best outputs found, not marked as `proven`. Hypothesis::missed: beam search returned another best
/// output. Outputs that do not end are not searched; they are returned only if nothing else was found.
std::vector<std::vector<Hypothesis>> exact_search(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths,
                                                  const DecodeOptions& options,
                                                  const std::vector<OutputConstraints>& constraints = {});

}  // namespace seq2seq::decode
