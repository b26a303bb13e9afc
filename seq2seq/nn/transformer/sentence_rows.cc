#include "seq2seq/nn/transformer/sentence_rows.h"

#include <utility>

namespace seq2seq::nn {

using at::Tensor;

SentenceRows SentenceRows::on(c10::Device device) const {
  auto there = *this;
  there.layout = layout->on(device);
  if (rotation.cosine.defined()) there.rotation = {rotation.cosine.to(device), rotation.sine.to(device)};
  return there;
}

SentenceRows sentence_rows(const Layout& packed, const SentenceOrder& order, const Draw* draw, bool drops_weights) {
  auto layout = data::new_layout();
  layout->sentences = packed.sentences;
  layout->lengths = packed.lengths;
  layout->owner = order.by_sentence(packed.owner);
  layout->position = order.by_sentence(packed.position);
  layout->key = packed.key;
  SentenceRows rows{.layout = std::move(layout), .rotation = {}, .draw = draw};
  if (draw == nullptr || !drops_weights || packed.rows() == 0) return rows;
  const auto keys = packed.key.to(at::kCPU).contiguous();
  rows.keys.assign(keys.const_data_ptr<int64_t>(), keys.const_data_ptr<int64_t>() + keys.numel());
  rows.first_position = packed.position[0].item<int64_t>();
  return rows;
}

Tensor dropped(const Tensor& rows, const SentenceRows& at, double share, Site site) {
  return dropout({rows, at.layout}, share, site, at.draw).rows;
}

}  // namespace seq2seq::nn
