#pragma once

#include <memory>
#include <utility>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/transformer/decoder.h"

namespace seq2seq::nn {

/// The decoder state of a Transformer.
class TransformerState final : public DecoderState {
 public:
  explicit TransformerState(TransformerCaches caches) : caches(std::move(caches)) {}

  void select(const Ids& hypotheses) override {
    const auto kept = on_host(hypotheses);
    caches.words.select(kept);
    caches.source.select(kept);
  }
  void append(const DecoderState& other) override {
    const auto& more = dynamic_cast<const TransformerState&>(other).caches;
    caches.words.append(more.words);
    caches.source.append(more.source);
  }
  std::unique_ptr<DecoderState> selected(const Ids& hypotheses) const override {
    const auto kept = on_host(hypotheses);
    auto state = std::make_unique<TransformerState>(TransformerCaches{caches.words.selected(kept), caches.source});
    state->caches.source.select(kept);
    state->wants_attention = wants_attention;
    return state;
  }

  TransformerCaches caches;
};

}  // namespace seq2seq::nn
