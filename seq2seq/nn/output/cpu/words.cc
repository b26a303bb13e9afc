#include "seq2seq/nn/output/cpu/words.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace seq2seq::nn::cpu {

Words::Words(Shared& shared, int64_t threads)
    : shared_(shared),
      of_(shared.of),
      by_target_(static_cast<size_t>(of_.count)),
      even_(static_cast<size_t>(of_.weight_gradient != nullptr ? of_.width : 0)),
      lane_sums_(static_cast<size_t>(of_.bias_gradient != nullptr ? of_.words * shared.kernel.lanes : 0)) {
  std::iota(by_target_.begin(), by_target_.end(), 0);
  std::ranges::stable_sort(by_target_, {}, [&](int64_t row) { return of_.targets[row]; });
  const float evenly = of_.smoothing / static_cast<float>(of_.words);
  for (int64_t row = 0; row < of_.count && evenly > 0; ++row) {
    even_bias_ -= evenly * of_.scale[row];
    for (size_t i = 0; i < even_.size(); ++i)
      even_[i] -= evenly * of_.scale[row] * of_.rows[row * of_.width + static_cast<int64_t>(i)];
  }
  const auto& division = shared.division;
  const int64_t panels = of_.weight_gradient != nullptr ? shared.product.panels(of_.width) : 0;
  rooms_.resize(static_cast<size_t>(threads));
  for (auto& room : rooms_) {
    room = {.chunk = 0,
            .filled = std::vector<bool>(static_cast<size_t>(division.blocks)),
            .factors = std::vector<float>(static_cast<size_t>(division.chunk)),
            .panels = uninitialized_floats(division.chunk * panels * shared.product.columns),
            .wanted = std::vector<float>(static_cast<size_t>(division.block)),
            .bias = std::vector<double>(static_cast<size_t>(division.tile))};
  }
}

void Words::run(size_t chunk, int64_t tile, int64_t thread) {
  const auto words = shared_.division.words_of(tile);
  const auto& blocks = shared_.division.chunks[chunk];
  auto& room = rooms_[static_cast<size_t>(thread)];
  if (room.chunk != chunk) std::fill(room.filled.begin(), room.filled.end(), false);
  room.chunk = chunk;
  if (chunk == 0 && of_.weight_gradient != nullptr) start(words);
  for (size_t i = 0; i < blocks.size(); ++i) {
    scale_rows(blocks[i], i, tile, room);
    if (of_.weight_gradient != nullptr) add_weight(blocks[i], tile, room);
    if (of_.bias_gradient != nullptr) add_bias(blocks[i], tile, room);
  }
  if (chunk + 1 == shared_.division.chunks.size() && of_.bias_gradient != nullptr) finish_bias(words, room);
}

template <class Work>
void Words::for_targets(Range words, const Work& work) const {
  const auto target = [&](int64_t row) { return of_.targets[row]; };
  auto row = std::ranges::lower_bound(by_target_, words.first, {}, target);
  for (; row != by_target_.end() && target(*row) < words.last; ++row) work(*row);
}

void Words::start(Range words) const {
  for (int64_t word = words.first; word < words.last; ++word)
    std::ranges::copy(even_, of_.weight_gradient + word * of_.width);
  for_targets(words, [&](int64_t row) {
    const float share = of_.scale[row] * (1 - of_.smoothing);
    float* const gradient = of_.weight_gradient + of_.targets[row] * of_.width;
    for (int64_t i = 0; i < of_.width; ++i) gradient[i] -= share * of_.rows[row * of_.width + i];
  });
}

void Words::scale_rows(const RowBlock& block, size_t index, int64_t tile, Room& room) {
  const float* const reference = shared_.reference(block, tile);
  for (int64_t row = 0; row < block.rows; ++row) {
    const auto at = static_cast<size_t>(block.offset + row);
    const float last = shared_.last_reference[at], here = reference[row];
    const float share = of_.scale[block.first + row] / shared_.sum[at];
    room.wanted[static_cast<size_t>(row)] = here == last ? share : share * std::exp(here - last);
  }
  float* const factors = room.factors.data() + block.offset;
  if (room.filled[index] && std::equal(factors, factors + block.rows, room.wanted.data())) return;
  room.filled[index] = true;
  std::copy_n(room.wanted.data(), block.rows, factors);
  if (of_.weight_gradient == nullptr) return;
  const int64_t columns = shared_.product.columns;
  float* panel = room.panels.data_ptr<float>() + block.offset * shared_.product.panels(of_.width) * columns;
  for (int64_t column = 0; column < of_.width; column += columns, panel += block.rows * columns) {
    shared_.product.pack_scaled(of_.rows + block.first * of_.width + column, of_.width, factors, block.rows,
                                std::min(columns, of_.width - column), panel);
  }
}

void Words::add_weight(const RowBlock& block, int64_t tile, const Room& room) const {
  const auto words = shared_.division.words_of(tile);
  const int64_t columns = shared_.product.columns;
  float* const gradient = of_.weight_gradient + words.first * of_.width;
  shared_.product.multiply(
      {.left = shared_.exponentials(block, tile),
       .row_stride = block.padded,
       .depth_stride = 1,
       .panel = room.panels.data_ptr<float>() + block.offset * shared_.product.panels(of_.width) * columns,
       .start = gradient,
       .start_stride = of_.width,
       .out = gradient,
       .out_stride = of_.width,
       .rows = words.size(),
       .depth = block.rows,
       .columns = of_.width,
       .panel_stride = block.rows * columns});
}

void Words::add_bias(const RowBlock& block, int64_t tile, const Room& room) {
  const auto words = shared_.division.words_of(tile);
  shared_.kernel.add_sums({.values = shared_.exponentials(block, tile),
                           .stride = block.padded,
                           .words = words.size(),
                           .rows = block.rows,
                           .factors = room.factors.data() + block.offset,
                           .sums = lane_sums_.data() + words.first * shared_.kernel.lanes});
}

void Words::finish_bias(Range words, Room& room) const {
  const int64_t lanes = shared_.kernel.lanes;
  std::ranges::fill(room.bias, even_bias_);
  const auto sum = [&](int64_t word) -> double& { return room.bias[static_cast<size_t>(word - words.first)]; };
  for (int64_t lane = words.first * lanes; lane < words.last * lanes; ++lane)
    sum(lane / lanes) += lane_sums_[static_cast<size_t>(lane)];
  for_targets(words, [&](int64_t row) { sum(of_.targets[row]) -= of_.scale[row] * (1 - of_.smoothing); });
  for (int64_t word = words.first; word < words.last; ++word) of_.bias_gradient[word] = static_cast<float>(sum(word));
}

}  // namespace seq2seq::nn::cpu
