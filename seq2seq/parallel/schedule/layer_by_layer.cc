#include "seq2seq/parallel/schedule/layer_by_layer.h"

#include <numeric>

namespace seq2seq::parallel {

void declare(config::Keys&, LayerByLayerOptions&) {}

std::vector<int64_t> LayerByLayer::order(const JobGraph& graph) const {
  std::vector<int64_t> order(graph.jobs.size());
  std::iota(order.begin(), order.end(), 0);  // the graph has them stage by stage
  return order;
}

}  // namespace seq2seq::parallel
