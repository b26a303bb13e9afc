#include "seq2seq/parallel/plan/search.h"

#include <algorithm>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "seq2seq/parallel/plan/memory.h"
#include "seq2seq/parallel/schedule/micro_batch.h"

namespace seq2seq::parallel {
namespace {

constexpr int64_t chunks[] = {1, 2, 5, 10, 25, 0};
constexpr int64_t counts[] = {2, 4, 8};

/// Puts the layers of each stack into `groups` contiguous groups, one place per group.
Layout grouped(const Outline& outline, int64_t groups) {
  Layout layout;
  for (int64_t place = 1; place < groups; ++place) layout.devices.push_back(place);
  for (const char* stack : {"encoder", "decoder"}) {
    const int64_t layers = outline.layers(stack);
    for (int64_t layer = 0; layer < layers; ++layer)
      layout.parts[fmt::format("{}.{}", stack, layer)] = layer * groups / std::max(layers, groups);
  }
  return layout;
}

void spread_output(Layout& layout, int64_t first, int64_t last) {
  while (std::ssize(layout.devices) < last) layout.devices.push_back(std::ssize(layout.devices));
  for (int64_t place = first; place < last; ++place)
    layout.output.push_back({.place = place, .share = 1.0 / static_cast<double>(last - first)});
}

void add_schedules(const Plan& layout, const ScheduleRegistry& schedules, int64_t longest, std::vector<Plan>& plans) {
  const auto add = [&](Selection schedule, int64_t chunk, const std::string& more) {
    auto plan = layout;
    plan.name = fmt::format("{}, {}{}", layout.name, schedule.kind, more);
    plan.schedule = std::move(schedule);
    plan.chunk = chunk;
    plans.push_back(std::move(plan));
  };
  for (const auto& name : schedules.names()) {
    if (name == "micro_batch") {
      for (const int64_t count : counts)
        add({.kind = name, .options = std::make_shared<MicroBatchOptions>(MicroBatchOptions{.count = count})}, 0,
            fmt::format(" of {} parts", count));
    } else if (!schedules.make({.kind = name, .options = {}})->cuts_steps()) {
      add({.kind = name, .options = {}}, 0, "");
    } else {
      for (const int64_t chunk : chunks)
        if (chunk < longest)
          add({.kind = name, .options = {}}, chunk, chunk == 0 ? ", all steps" : fmt::format(", chunk {}", chunk));
    }
  }
}

bool fits_memory(const PredictionInput& input, const Plan& plan, const BatchSize& longest) {
  const auto memory =
      memory_of(place(*input.outline, plan.layout), plan.layout, longest, input.state_bytes, input.precision);
  return std::ranges::all_of(by_device(memory, plan.layout),
                             [&](const auto& device) { return device.total() <= input.hardware->device.memory; });
}

Ranked ranked(const PredictionInput& input, const Plan& plan, const BatchSize& longest) {
  const auto prediction = predict(input, plan);
  return {.plan = plan,
          .update = prediction.update,
          .words_per_second = prediction.words_per_second,
          .fits = fits_memory(input, plan, longest)};
}

double factor_of(const PredictionInput& input, const Plan& plan) {
  return predict(input, single_plan(*input.hardware)).update / predict(input, plan).update;
}

}  // namespace

Plan single_plan(const Hardware& hardware) {
  return {.name = "single", .layout = {}, .workers = hardware.shares_processors() ? Workers::one : Workers::streams};
}

std::vector<Plan> candidate_layouts(const Outline& outline, const Hardware& hardware, int64_t devices) {
  const auto workers = hardware.shares_processors() ? Workers::per_place : Workers::streams;
  const int64_t deepest = std::max(outline.layers("encoder"), outline.layers("decoder"));
  std::vector<Plan> plans;
  for (int64_t groups = 1; groups <= std::min(deepest, devices); ++groups) {
    const auto layers = grouped(outline, groups);
    const auto add = [&](const std::string& name, Layout layout) {
      if (hardware.shares_processors()) std::ranges::fill(layout.devices, 0);
      plans.push_back({.name = name, .layout = std::move(layout), .workers = workers});
    };
    if (groups > 1) {
      auto last = layers;
      last.output = {{.place = groups - 1, .share = 1}};
      add(fmt::format("layers on {}, output on the last", groups), std::move(last));
    }
    if (!outline.splits_output()) continue;
    if (groups > 1) {
      auto same = layers;
      spread_output(same, 0, groups);
      add(fmt::format("layers on {}, output over the same", groups), std::move(same));
    }
    for (const auto& [first, name] : {std::pair(groups, "the other"), std::pair(int64_t{0}, "all")}) {
      if (devices <= groups) continue;
      auto spread = layers;
      spread_output(spread, first, devices);
      add(fmt::format("layers on {}, output over {} {}", groups, name, devices - first), std::move(spread));
    }
  }
  return plans;
}

std::vector<Ranked> search(const PredictionInput& input, int64_t devices, const BatchSize& longest,
                           const std::function<void(size_t done, size_t all)>& done) {
  std::vector<Plan> plans{single_plan(*input.hardware)};
  for (const auto& layout : candidate_layouts(*input.outline, *input.hardware, devices))
    add_schedules(layout, *input.schedules, std::max(input.batch.source, input.batch.target), plans);
  std::vector<Ranked> all;
  for (const auto& plan : plans) {
    all.push_back(ranked(input, plan, longest));
    if (done) done(all.size(), plans.size());
  }
  std::ranges::stable_sort(
      all, [](const Ranked& a, const Ranked& b) { return a.fits != b.fits ? a.fits : a.update < b.update; });
  return all;
}

std::vector<Speedup> speedups_by_length(const PredictionInput& input, const Plan& plan,
                                        const std::vector<int64_t>& lengths) {
  std::vector<Speedup> speedups;
  for (const int64_t length : lengths) {
    auto asked = input;
    asked.batch.source = asked.batch.target = length;
    speedups.push_back({length, factor_of(asked, plan)});
  }
  return speedups;
}

std::vector<Speedup> speedups_by_batch(const PredictionInput& input, const Plan& plan,
                                       const std::vector<int64_t>& batches) {
  std::vector<Speedup> speedups;
  for (const int64_t sentences : batches) {
    auto asked = input;
    asked.batch.sentences = sentences;
    speedups.push_back({sentences, factor_of(asked, plan)});
  }
  return speedups;
}

std::vector<Speedup> speedups_by_chunk(const PredictionInput& input, const Plan& plan,
                                       const std::vector<int64_t>& sizes) {
  std::vector<Speedup> speedups;
  for (const int64_t chunk : sizes) {
    auto other = plan;
    other.chunk = chunk;
    speedups.push_back({chunk, factor_of(input, other)});
  }
  return speedups;
}

std::optional<int64_t> break_even_size(const std::vector<Speedup>& speedups) {
  std::optional<int64_t> from;
  for (const auto& gain : speedups) {
    if (gain.factor <= 1) from.reset();
    if (gain.factor > 1 && !from) from = gain.size;
  }
  return from;
}

}  // namespace seq2seq::parallel
