#include <memory>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {
namespace {

/// Ranks by the layer's own top_k().
class LayerRanking final : public WordRanking {
 public:
  explicit LayerRanking(const OutputLayer& layer) : layer_(layer) {}
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override {
    return layer_.top_k(features, k, bans);
  }

 private:
  const OutputLayer& layer_;
};

}  // namespace

std::unique_ptr<const WordRanking> OutputLayer::ranking() const { return std::make_unique<LayerRanking>(*this); }

}  // namespace seq2seq::nn
