#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::metrics {

/// Number of edits that turn an output into a reference, where moving up to ten neighbours elsewhere is one edit, as
/// inserting, deleting or replacing a word is (Snover et al. 2006, 2006.amta-papers.25). Finding the fewest is NP-hard.
/// This is the greedy search of Tercom as sacreBLEU 2.6.0 has it: the shift that helps most, again and again, over at
/// most a thousand candidates, none farther than 50 words; distances near the diagonal only. Words are given by number.
int64_t translation_edits(const std::vector<int>& output, const std::vector<int>& reference);

}  // namespace seq2seq::metrics
