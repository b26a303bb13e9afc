#include "seq2seq/nn/transformer/sentence_rows.h"

#include <utility>

#include <ATen/ops/index_select.h>

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
  const auto host = packed.on_host();
  if (!packed.owner.is_cpu()) {
    const auto& sorted = order.on_host();
    layout->kept_on_host = {host.owner.index_select(0, sorted), host.position.index_select(0, sorted), host.key};
  }
  SentenceRows rows{.layout = std::move(layout), .rotation = {}, .draw = draw};
  if (draw == nullptr || !drops_weights) return rows;
  rows.keys = on_host(host.key);
  if (packed.rows() > 0) rows.first_position = host.position[0].item<int64_t>();
  return rows;
}

Tensor dropped(const Tensor& rows, const SentenceRows& at, double share, Site site) {
  return dropout({rows, at.layout}, share, site, at.draw).rows;
}

}  // namespace seq2seq::nn
