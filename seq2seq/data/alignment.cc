#include "seq2seq/data/alignment.h"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/zeros.h>

namespace seq2seq::data {
namespace {

using Numbers = std::vector<int64_t>;

/// Returns the inverse of an order; an item that is not in the order has no place.
Numbers places_in(const Numbers& order, int64_t items) {
  Numbers places(static_cast<std::size_t>(items), -1);
  for (std::size_t place = 0; place < order.size(); ++place)
    if (order[place] >= 0) places[static_cast<std::size_t>(order[place])] = static_cast<int64_t>(place);
  return places;
}

/// Returns the packed rows of each sentence, step by step.
std::vector<Numbers> rows_of_sentences(const Layout& layout) {
  std::vector<Numbers> rows(static_cast<std::size_t>(layout.sentences));
  const auto owner = layout.owner.contiguous();
  const auto* sentence = owner.const_data_ptr<int64_t>();
  for (int64_t row = 0; row < layout.rows(); ++row) rows[static_cast<std::size_t>(sentence[row])].push_back(row);
  return rows;
}

}  // namespace

std::vector<int64_t> stored_links(const std::vector<Link>& links) {
  Numbers stored;
  stored.reserve(links.size());
  for (const auto& link : links) stored.push_back(stored_link(link));
  return stored;
}

at::Tensor reference_attention(const std::vector<AlignedPair>& pairs, const Layout& source, const Layout& targets,
                               const TextPipeline& text) {
  const int64_t positions = source.lengths.empty() ? 0 : *std::ranges::max_element(source.lengths);
  const auto rows = rows_of_sentences(targets);
  auto shares = at::zeros({targets.rows(), positions}, at::kFloat);
  auto* share = shares.mutable_data_ptr<float>();
  for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
    const auto& [links, source_tokens, target_tokens] = pairs[pair];
    Numbers written(static_cast<std::size_t>(target_tokens));
    for (std::size_t token = 0; token < written.size(); ++token) written[token] = static_cast<int64_t>(token);
    const auto position = places_in(
        text.reading_order(Numbers(static_cast<std::size_t>(source_tokens), text::unknown_id)), source_tokens);
    const auto step = places_in(text.decoder_ids(written), target_tokens);
    Numbers count(written.size());
    for (const auto& link : links) ++count[static_cast<std::size_t>(link.target)];
    for (const auto& link : links) {
      const auto target = static_cast<std::size_t>(link.target);
      const int64_t row = rows[pair][static_cast<std::size_t>(step[target])];
      share[row * positions + position[static_cast<std::size_t>(link.source)]] = 1 / static_cast<float>(count[target]);
    }
  }
  return shares;
}

}  // namespace seq2seq::data
