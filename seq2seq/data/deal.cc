#include "seq2seq/data/deal.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::data {

std::vector<int64_t> dealt(std::span<const int64_t> pairs, const Corpus& corpus, const Deal& deal) {
  if (deal.rank < 0 || deal.rank >= deal.ranks)
    throw Error(fmt::format("rank {} of {} does not exist; ranks count from 0", deal.rank, deal.ranks));
  if (deal.ranks == 1) return {pairs.begin(), pairs.end()};
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto tokens = [&](std::size_t i) { return corpus.source.length(pairs[i]) + corpus.target.length(pairs[i]); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return tokens(a) > tokens(b); });

  std::vector<std::size_t> mine;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const int64_t round = static_cast<int64_t>(i) / deal.ranks;
    const int64_t turn = static_cast<int64_t>(i) % deal.ranks;
    if (deal.rank == (round % 2 == 0 ? turn : deal.ranks - 1 - turn)) mine.push_back(order[i]);
  }
  std::sort(mine.begin(), mine.end());
  std::vector<int64_t> chosen;
  chosen.reserve(mine.size());
  for (const auto i : mine) chosen.push_back(pairs[i]);
  return chosen;
}

}  // namespace seq2seq::data
