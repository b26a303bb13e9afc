#include "seq2seq/decode/ranking.h"

#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {
namespace {

/// Returns the bans of `count` rows from `first` on, renumbered from 0.
nn::Bans bans_of(const nn::Bans& bans, int64_t first, int64_t count) {
  if (!bans.rows.defined()) return bans;
  const auto chosen = bans.rows.ge(first).logical_and(bans.rows.lt(first + count));
  return {.words = bans.words,
          .rows = bans.rows.masked_select(chosen) - first,
          .row_words = bans.row_words.masked_select(chosen)};
}

}  // namespace

nn::Bans with_banned(const nn::Bans& bans, const nn::Ids& words) {
  auto all = bans;
  all.words = bans.words.defined() ? at::cat({words, bans.words.to(at::kCPU)}) : words;
  return all;
}

nn::TopK best_in_parts(int64_t rows, int64_t k, const nn::Bans& bans,
                       const std::function<at::Tensor(int64_t first, int64_t count)>& scores) {
  std::vector<at::Tensor> best, ids;
  for (int64_t first = 0; first < rows; first += probability_rows) {
    const int64_t count = std::min(probability_rows, rows - first);
    const auto chosen = nn::best_words(scores(first, count), /*normalizer=*/{}, k, bans_of(bans, first, count));
    best.push_back(chosen.scores);
    ids.push_back(chosen.ids);
  }
  return {at::cat(best), at::cat(ids)};
}

}  // namespace seq2seq::decode
