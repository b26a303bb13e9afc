#pragma once

#include <vector>

namespace seq2seq::study {

/// Returns multiples of 1, 2 or 5 times a power of ten that lie in [least, most], at most `most_ticks` of them.
/// Empty unless least < most and most_ticks >= 2.
std::vector<double> linear_ticks(double least, double most, int most_ticks);

/// Returns round numbers in [least, most] for a logarithmic axis: powers of ten, with their multiples by 2 and 5 if
/// they fit into `most_ticks`. Uses `linear_ticks` if there are fewer than three. Empty unless 0 < least < most.
std::vector<double> logarithmic_ticks(double least, double most, int most_ticks);

}  // namespace seq2seq::study
