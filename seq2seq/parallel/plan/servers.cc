#include "seq2seq/parallel/plan/servers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace seq2seq::parallel {
namespace {

constexpr double bucket_bytes = 25e6;  // as in torch's DistributedDataParallel

/// Every machine receives the rows of all others.
double gather_seconds(const NetworkOptions& network, int64_t servers, double bytes) {
  const auto others = static_cast<double>(servers - 1);
  return others * (bytes / network.bandwidth + network.latency);
}

}  // namespace

double ring_seconds(const NetworkOptions& network, int64_t servers, double bytes, double bucket) {
  if (servers < 2 || bytes <= 0) return 0;
  const auto count = static_cast<double>(servers);
  const double steps = 2 * (count - 1);
  const double buckets = std::ceil(bytes / bucket);
  return steps * (bytes / count / network.bandwidth + buckets * network.latency);
}

ServersPrediction predict_servers(const PredictionInput& input, const Plan& plan, int64_t servers, bool joint) {
  auto asked = input;
  if (joint) asked.batch.sentences = std::max<int64_t>(1, (input.batch.sentences + servers - 1) / servers);
  const auto alone = predict(asked, plan);
  std::vector<size_t> stages(alone.placed.stages.size());
  std::iota(stages.begin(), stages.end(), size_t{0});
  std::ranges::stable_sort(stages, {}, [&](size_t stage) { return alone.stage_ready[stage]; });
  double network_free = 0;  // when the network has sent everything before
  for (const size_t number : stages) {
    const auto& outlined = alone.placed.stages[number];
    if (servers < 2 || outlined.numbers <= 0) continue;
    const bool rows = outlined.stage.name.starts_with("embeddings.");
    const auto steps = outlined.stage.side == nn::Side::source ? asked.batch.source : asked.batch.target;
    const double of_rows = static_cast<double>(asked.batch.sentences * steps * outlined.stage.width) * sizeof(float);
    const double of_all = outlined.numbers * sizeof(float);
    const double ring = ring_seconds(input.hardware->network, servers, of_all, bucket_bytes);
    const double sent = rows ? std::min(ring, gather_seconds(input.hardware->network, servers, of_rows)) : ring;
    network_free = std::max(network_free, alone.stage_ready[number]) + sent;
  }
  ServersPrediction prediction;
  prediction.exposed = std::max(0.0, network_free - alone.timeline.seconds);
  prediction.update = alone.update + prediction.exposed;
  const auto sentences = joint ? input.batch.sentences : input.batch.sentences * servers;
  const auto words = static_cast<double>(sentences * (asked.batch.source + asked.batch.target));
  prediction.words_per_second = words / prediction.update;
  prediction.efficiency = prediction.words_per_second /
                          (static_cast<double>(servers) * (joint ? predict(input, plan) : alone).words_per_second);
  return prediction;
}

}  // namespace seq2seq::parallel
