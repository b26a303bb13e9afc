#pragma once

#include "seq2seq/parallel/schedule/schedule.h"

namespace seq2seq::parallel {

struct LayerByLayerOptions {};
void declare(config::Keys& keys, LayerByLayerOptions& options);

/// Runs one stage after another, each with all steps at once, then back in the reverse order, like a model on one
/// device.
class LayerByLayer final : public Schedule {
 public:
  using Options = LayerByLayerOptions;
  explicit LayerByLayer(const Options&) {}
  bool cuts_steps() const override { return false; }
  std::vector<int64_t> order(const JobGraph& graph) const override;
};

}  // namespace seq2seq::parallel
