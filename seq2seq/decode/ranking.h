#pragma once

#include <cstdint>
#include <functional>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::decode {

/// Returns bans that also exclude `words` [n] in every row.
nn::Bans with_banned(const nn::Bans& bans, const nn::Ids& words);

/// Returns the k best words of each of `rows` hypotheses, computed for `probability_rows` of them at a time.
/// scores(first, count): scores of every word [count, V], float64, which may be overwritten.
nn::TopK best_in_parts(int64_t rows, int64_t k, const nn::Bans& bans,
                       const std::function<at::Tensor(int64_t first, int64_t count)>& scores);

}  // namespace seq2seq::decode
