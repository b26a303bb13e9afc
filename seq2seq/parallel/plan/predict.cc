#include "seq2seq/parallel/plan/predict.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "seq2seq/parallel/timeline/measures.h"

namespace seq2seq::parallel {
namespace {

Timeline timeline_of(const JobGraph& graph, const JobSpans& spans, const Layout& layout, const Hardware& hardware) {
  Timeline timeline;
  for (const int64_t device : layout.devices)
    timeline.places.push_back(hardware.shares_processors() ? "cpu" : fmt::format("device:{}", device));
  for (size_t number = 0; number < graph.jobs.size(); ++number) {
    const auto& job = graph.jobs[number];
    timeline.entries.push_back({.stage = graph.stages[static_cast<size_t>(job.stage)].name,
                                .kind = job.kind,
                                .place = job.place,
                                .micro_batch = job.micro_batch,
                                .first_step = job.piece.first_step,
                                .last_step = job.piece.last_step,
                                .start = spans.start[number],
                                .end = spans.end[number]});
  }
  std::ranges::stable_sort(timeline.entries, {}, &TimelineEntry::start);
  timeline.seconds = spans.seconds;
  return timeline;
}

/// Clipping reads the gradients; the optimizer reads the gradients, and reads and writes parameters and its state.
double optimizer_seconds(const PredictionInput& input, const Prediction& prediction, const Layout& layout) {
  std::vector<double> numbers(static_cast<size_t>(*std::ranges::max_element(layout.devices)) + 1, 0);
  for (const auto& each : prediction.placed.stages)
    numbers[static_cast<size_t>(layout.devices[static_cast<size_t>(each.stage.place)])] += each.numbers;
  const double bytes = 4.0 * sizeof(float) + 2 * input.state_bytes;
  return *std::ranges::max_element(numbers) * bytes / input.hardware->device.bandwidth;
}

/// Finds what limits the speed: the work of the busiest place, or the cause of its waiting.
void find_limit(const JobGraph& graph, const std::vector<JobCost>& costs, const JobSpans& spans,
                Prediction& prediction) {
  const auto busy = busy_seconds(prediction.timeline);
  const auto busiest = static_cast<int64_t>(std::ranges::max_element(busy) - busy.begin());
  JobCost sum;
  for (size_t job = 0; job < costs.size(); ++job) {
    if (graph.jobs[job].place != busiest) continue;
    sum.transfer += costs[job].transfer;
    sum.products += costs[job].products;
    sum.memory += costs[job].memory;
    sum.kernels += costs[job].kernels;
  }
  const auto place = static_cast<size_t>(busiest);
  double launched = spans.waits_issue[place];
  double issue = 0;
  for (const auto& cost : costs) issue += cost.issue;
  if (issue > 0.9 * spans.seconds) launched = issue;  // the thread that issues work is always busy
  const std::vector<std::pair<double, std::string>> candidates{
      {sum.products, fmt::format("the products of place {}", busiest)},
      {sum.memory, fmt::format("the memory bandwidth of place {}", busiest)},
      {sum.transfer, fmt::format("transfers to place {}", busiest)},
      {launched + sum.kernels, "the launches of kernels"},
      {spans.seconds - busy[place] - spans.waits_issue[place],
       fmt::format("the bubble: place {} waits for others", busiest)}};
  const auto most = std::ranges::max_element(candidates, {}, [](const auto& each) { return each.first; });
  prediction.limit = most->second;
  prediction.limit_share = spans.seconds > 0 ? std::min(1.0, most->first / spans.seconds) : 0;
}

}  // namespace

Prediction predict(const PredictionInput& input, const Plan& plan) {
  const auto schedule = input.schedules->make(plan.schedule);
  Prediction prediction;
  prediction.placed = place(*input.outline, plan.layout);
  auto size = input.batch;
  size.micro_batches = schedule->micro_batches();
  const auto graph = jobs_of(prediction.placed, size, {.chunk = schedule->cuts_steps() ? plan.chunk : 0});
  const auto costs = costs_of(graph, prediction.placed, plan.layout, *input.hardware, input.precision);
  std::vector<SimulatedJob> jobs;
  std::vector<std::vector<int64_t>> needs;
  prediction.operations.resize(plan.layout.devices.size(), 0);
  for (size_t number = 0; number < graph.jobs.size(); ++number) {
    const auto& job = graph.jobs[number];
    jobs.push_back({.place = job.place,
                    .transfer = plan.workers == Workers::one ? 0 : costs[number].transfer,
                    .work = costs[number].work(),
                    .issue = costs[number].issue});
    needs.push_back(job.needs);
    const bool twice = job.kind == Job::Kind::backward && !graph.stages[static_cast<size_t>(job.stage)].defers_weights;
    prediction.operations[static_cast<size_t>(job.place)] += (twice ? 4 : 2) * job.products;
  }
  auto machine = machine_of(*input.hardware, plan.layout, plan.workers);
  machine.team = plan.team;
  const auto spans = simulate(jobs, needs, schedule->order(graph), machine);
  prediction.timeline = timeline_of(graph, spans, plan.layout, *input.hardware);
  prediction.bubble = overall_bubble(prediction.timeline);
  prediction.update = spans.seconds + optimizer_seconds(input, prediction, plan.layout);
  prediction.words_per_second = static_cast<double>(size.sentences * (size.source + size.target)) / prediction.update;
  prediction.stage_ready.resize(prediction.placed.stages.size(), 0);
  for (size_t number = 0; number < graph.jobs.size(); ++number) {
    auto& ready = prediction.stage_ready[static_cast<size_t>(graph.jobs[number].stage)];
    ready = std::max(ready, spans.end[number]);
  }
  find_limit(graph, costs, spans, prediction);
  return prediction;
}

}  // namespace seq2seq::parallel
