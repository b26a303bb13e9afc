#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::metrics {

/// Returns the number of edits that turn an output into a reference. One edit inserts, deletes or replaces a word, or
/// moves up to ten neighbouring words (Snover et al. 2006, 2006.amta-papers.25). Finding the fewest is NP-hard. This is
/// Tercom's greedy search as in sacreBLEU 2.6.0: it repeatedly makes the best shift, of at most a thousand candidates
/// and at most 50 words far, and computes distances near the diagonal only. Words are numbers.
int64_t translation_edits(const std::vector<int>& output, const std::vector<int>& reference);

}  // namespace seq2seq::metrics
