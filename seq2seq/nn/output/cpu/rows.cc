#include "seq2seq/nn/output/cpu/rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace seq2seq::nn::cpu {

Rows::Rows(Shared& shared, int64_t threads)
    : shared_(shared), of_(shared.of), weight_sum_(static_cast<size_t>(of_.smoothing > 0 ? of_.width : 0)) {
  const auto& division = shared.division;
  const auto block = static_cast<size_t>(division.block);
  rooms_.resize(static_cast<size_t>(threads));
  for (auto& room : rooms_) {
    room = {.rows = uninitialized_floats(division.block * of_.width),
            .panels = uninitialized_floats(division.tile * shared.product.panels(of_.width) * shared.product.columns),
            .logits = uninitialized_floats(shared.kept.defined() ? 0 : division.tile * division.block),
            .change = std::vector<float>(block),
            .total = std::vector<float>(block),
            .of_target = std::vector<float>(block)};
  }
}

void Rows::prepare(Member member) {
  if (of_.smoothing == 0 || of_.row_gradient == nullptr) return;
  constexpr int64_t cache_line = 16;
  const auto [first, last] = member.part(of_.width, cache_line);
  for (int64_t word = 0; word < of_.words; ++word) {
    for (int64_t i = first; i < last; ++i) weight_sum_[static_cast<size_t>(i)] += of_.weight[word * of_.width + i];
  }
}

void Rows::run(const RowBlock& block, int64_t thread) {
  auto& room = rooms_[static_cast<size_t>(thread)];
  pack_rows(block, room);
  std::fill_n(shared_.last_reference.begin() + block.offset, block.padded, -std::numeric_limits<float>::infinity());
  std::fill_n(shared_.sum.begin() + block.offset, block.padded, 0.0F);
  std::ranges::fill(room.total, 0.0F);
  for (int64_t tile = 0; tile < shared_.division.tiles(); ++tile) {
    const auto words = shared_.division.words_of(tile);
    float* const z = shared_.kept.defined() ? shared_.exponentials(block, tile) : room.logits.data_ptr<float>();
    logits(block, words, room, z);
    read_targets(block, words, z, room);
    exponentials(block, tile, z, room);
    if (of_.row_gradient != nullptr) add_gradient(block, tile, z, room);
  }
  finish_losses(block, room);
  if (of_.row_gradient != nullptr) finish_gradient(block);
}

void Rows::pack_rows(const RowBlock& block, Room& room) const {
  const int64_t columns = shared_.product.columns;
  for (int64_t row = 0; row < block.rows; row += columns) {
    shared_.product.pack_transposed(of_.rows + (block.first + row) * of_.width, of_.width, of_.width,
                                    std::min(columns, block.rows - row), room.rows.data_ptr<float>() + row * of_.width);
  }
}

void Rows::logits(const RowBlock& block, Range words, const Room& room, float* out) const {
  shared_.product.multiply({.left = of_.weight + words.first * of_.width,
                            .row_stride = of_.width,
                            .depth_stride = 1,
                            .panel = room.rows.data_ptr<float>(),
                            .start = nullptr,
                            .start_stride = 0,
                            .out = out,
                            .out_stride = block.padded,
                            .rows = words.size(),
                            .depth = of_.width,
                            .columns = block.padded,
                            .panel_stride = of_.width * shared_.product.columns});
}

void Rows::read_targets(const RowBlock& block, Range words, const float* logits, Room& room) const {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t target = of_.targets[block.first + row];
    if (target < words.first || target >= words.last) continue;
    room.of_target[static_cast<size_t>(row)] =
        logits[(target - words.first) * block.padded + row] + (of_.bias != nullptr ? of_.bias[target] : 0);
  }
}

void Rows::exponentials(const RowBlock& block, int64_t tile, float* logits, Room& room) {
  const auto words = shared_.division.words_of(tile);
  float* const reference = shared_.last_reference.data() + block.offset;
  shared_.kernel.exponentials({.logits = logits,
                               .stride = block.padded,
                               .words = words.size(),
                               .rows = block.padded,
                               .bias = of_.bias != nullptr ? of_.bias + words.first : nullptr,
                               .reference = reference,
                               .change = room.change.data(),
                               .sum = shared_.sum.data() + block.offset,
                               .total = of_.smoothing > 0 ? room.total.data() : nullptr});
  if (shared_.kept.defined()) std::copy_n(reference, block.padded, shared_.reference(block, tile));
}

void Rows::add_gradient(const RowBlock& block, int64_t tile, const float* exponentials, Room& room) const {
  const auto words = shared_.division.words_of(tile);
  float* const gradient = of_.row_gradient + block.first * of_.width;
  for (int64_t row = 0; row < block.rows && tile > 0; ++row) {
    const float change = room.change[static_cast<size_t>(row)];
    if (change == 1) continue;
    for (int64_t i = 0; i < of_.width; ++i) gradient[row * of_.width + i] *= change;
  }
  const int64_t of_panel = words.size() * shared_.product.columns;
  float* panel = room.panels.data_ptr<float>();
  for (int64_t column = 0; column < of_.width; column += shared_.product.columns, panel += of_panel) {
    shared_.product.pack(of_.weight + words.first * of_.width + column, of_.width, words.size(),
                         std::min(shared_.product.columns, of_.width - column), panel);
  }
  shared_.product.multiply({.left = exponentials,
                            .row_stride = 1,
                            .depth_stride = block.padded,
                            .panel = room.panels.data_ptr<float>(),
                            .start = tile > 0 ? gradient : nullptr,
                            .start_stride = of_.width,
                            .out = gradient,
                            .out_stride = of_.width,
                            .rows = block.rows,
                            .depth = words.size(),
                            .columns = of_.width,
                            .panel_stride = of_panel,
                            .start_last = true});
}

void Rows::finish_losses(const RowBlock& block, const Room& room) const {
  const float share = of_.smoothing;
  for (int64_t row = 0; row < block.rows; ++row) {
    const auto at = static_cast<size_t>(block.offset + row), here = static_cast<size_t>(row);
    const float normalizer = shared_.last_reference[at] + std::log(shared_.sum[at]);
    float loss = normalizer - room.of_target[here];
    if (share > 0) loss = (1 - share) * loss + share * (normalizer - room.total[here] / static_cast<float>(of_.words));
    of_.losses[block.first + row] = loss;
  }
}

void Rows::finish_gradient(const RowBlock& block) const {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t at = block.first + row;
    const float scale = of_.scale[at];
    const float of_sum = scale / shared_.sum[static_cast<size_t>(block.offset + row)];
    const float of_target = scale * (1 - of_.smoothing);
    const float evenly = scale * of_.smoothing / static_cast<float>(of_.words);
    float* const gradient = of_.row_gradient + at * of_.width;
    const float* const target = of_.weight + of_.targets[at] * of_.width;
    for (int64_t i = 0; i < of_.width; ++i) gradient[i] = of_sum * gradient[i] - of_target * target[i];
    for (size_t i = 0; i < weight_sum_.size(); ++i) gradient[i] -= evenly * weight_sum_[i];
  }
}

}  // namespace seq2seq::nn::cpu
