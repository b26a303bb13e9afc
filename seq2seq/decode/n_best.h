#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "seq2seq/decode/hypothesis.h"

namespace seq2seq::decode {

/// A hypothesis in the n-best format of Moses, without line end: `sentence ||| text ||| features ||| score`, the
/// sentence counted from 0 and the score its natural log-probability:
///
///   0 ||| AH B AW T ||| logprob= -0.52 ||| -0.52
///
/// With `token_scores` a second feature lists those of each token and of the end symbol, `tokens= -0.1 -0.2 ...`. A
/// hypothesis cut at the longest output has the feature `cut= 1`. Numbers have 9 significant digits. A text may hold
/// ` ||| ` itself: a reader takes the first field and the last two off, and what is left is the text.
std::string n_best_line(int64_t sentence, std::string_view text, const Hypothesis& hypothesis, bool token_scores);

}  // namespace seq2seq::decode
