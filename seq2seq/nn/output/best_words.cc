#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

void ban(at::Tensor& z, const Bans& bans) {
  if (bans.words.defined() && bans.words.numel() > 0) z.index_fill_(1, bans.words.to(z.device()), impossible);
  if (bans.rows.defined() && bans.rows.numel() > 0) {
    z.index_put_({bans.rows.to(z.device()), bans.row_words.to(z.device())}, at::scalar_tensor(impossible, z.options()));
  }
}

/// Puts words of equal score in the order of their ids.
void order_ties(at::Tensor& scores, Ids& ids) {
  const auto by_id = ids.argsort(/*stable=*/true, 1, /*descending=*/false);
  scores = scores.gather(1, by_id);
  ids = ids.gather(1, by_id);
  const auto by_score = scores.argsort(/*stable=*/true, 1, /*descending=*/true);
  scores = scores.gather(1, by_score);
  ids = ids.gather(1, by_score);
}

}  // namespace

TopK best_words(at::Tensor z, const at::Tensor& normalizer, int64_t k, const Bans& bans) {
  ban(z, bans);
  const int64_t banned = bans.words.defined() ? bans.words.numel() : 0;
  const int64_t width = std::min(k, z.size(1) - banned);
  // topk picks any of several equal scores. One more word shows whether there was a choice for the last place.
  const int64_t looked_at = std::min(width + 1, z.size(1));
  auto [scores, ids] = z.topk(looked_at, 1);
  if (looked_at > width && width > 0) {
    const auto free = scores.select(1, width - 1).eq(scores.select(1, width)).nonzero().squeeze(1);  // [rows]
    if (free.size(0) > 0) {
      const auto [all_scores, all_ids] = z.index_select(0, free).sort(/*stable=*/true, 1, /*descending=*/true);
      scores.index_copy_(0, free, all_scores.narrow(1, 0, looked_at));
      ids.index_copy_(0, free, all_ids.narrow(1, 0, looked_at));
    }
  }
  scores = scores.narrow(1, 0, width);
  ids = ids.narrow(1, 0, width);
  order_ties(scores, ids);
  if (normalizer.defined()) scores = scores - normalizer;
  return {scores.to(at::kDouble), ids};
}

}  // namespace seq2seq::nn
