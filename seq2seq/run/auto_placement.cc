#include "seq2seq/run/auto_placement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/device.h"
#include "seq2seq/parallel/plan/search.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/memory_forecast.h"

namespace seq2seq::run {

namespace {

std::vector<std::string> devices_here(const PlacementOptions& options, const Environment& environment) {
  if (!options.devices.empty()) return options.devices;
  std::vector<std::string> devices;
  for (c10::DeviceIndex number = 0; is_available({c10::kCUDA, number}); ++number)
    devices.push_back(fmt::format("cuda:{}", int{number}));
  return devices.empty() ? std::vector{environment.device.str()} : devices;
}

PlacementOptions on_first(const std::vector<std::string>& devices, PlacementOptions options) {
  options.preset = "single";
  options.devices = {devices.front()};
  return options;
}

/// Mean number of steps of a side, end symbol included.
int64_t mean_steps(const data::TokenStore& side) {
  const auto sentences = static_cast<double>(std::max<int64_t>(1, side.size()));
  return static_cast<int64_t>(std::lround(static_cast<double>(side.tokens()) / sentences)) + 1;
}

}  // namespace

PlacementOptions in_terms_of_keys(const parallel::Plan& plan, const std::vector<std::string>& devices,
                                  const PlacementOptions& base) {
  PlacementOptions options = base;
  options.preset = "single";
  options.devices.clear();
  for (const int64_t device : plan.layout.devices) options.devices.push_back(devices.at(static_cast<size_t>(device)));
  const auto place = [&](const std::string& part) { return fmt::format("{}", plan.layout.place_of(part)); };
  options.embeddings = place("embeddings");
  options.bridge = place("bridge");
  for (auto [stack, key] : {std::pair("encoder", &options.encoder), std::pair("decoder", &options.decoder)}) {
    key->clear();
    for (int64_t layer = 0; plan.layout.parts.contains(nn::layer_part(stack, layer)); ++layer)
      key->push_back(place(nn::layer_part(stack, layer)));
  }
  options.output.clear();
  options.shares.clear();
  double sum = 0;
  for (const auto& share : plan.layout.output) sum += share.share;
  for (const auto& share : plan.layout.output) {
    options.output.push_back(fmt::format("{}", share.place));
    options.shares.push_back(share.share / sum);
  }
  options.schedule = plan.schedule;
  options.chunk = plan.chunk;
  return options;
}

PlacementOptions chosen_placement(const RunOptions& options, const TrainingData& data, const Environment& environment) {
  const auto& placement = options.placement;
  if (placement.preset != "auto" || environment.single_device) return placement;
  const auto devices = devices_here(placement, environment);
  const auto model = outline(options.model, *environment.registries, *data.text);
  const bool on_processor = std::ranges::none_of(devices, [](const auto& name) { return name.starts_with("cuda"); });
  // A single place already uses the whole processor.
  if (devices.size() == 1 || on_processor || model->staged() == nullptr) return on_first(devices, placement);
  const auto outlined = parallel::outline_of(*model);
  auto hardware = parallel::eight_h200();
  hardware.device.count = std::ssize(devices);
  const auto& batch = options.train.batch;
  const bool lm = options.data.task == data::Task::lm;
  parallel::BatchSize size{.source = lm ? 0 : mean_steps(data.train.source), .target = mean_steps(data.train.target)};
  size.sentences =
      batch.sentences > 0 ? batch.sentences : std::max<int64_t>(1, batch.tokens / (size.source + size.target));
  auto longest = size;
  longest.source = longest.target = options.data.clean.max_length + 1;
  const parallel::PredictionInput input{.outline = &outlined,
                                        .hardware = &hardware,
                                        .schedules = placement.schedules.get(),
                                        .state_bytes = optimizer_state_bytes(options.train, *environment.registries),
                                        .batch = size};
  const auto best = parallel::search(input, hardware.device.count, longest).front();
  environment.log->say(fmt::format("placement auto, {} devices: {}", devices.size(), best.plan.name));
  if (!best.fits)
    environment.log->warn(fmt::format("no layout fits into the memory of {} devices (assuming H200s)", devices.size()));
  return best.plan.layout.devices.size() == 1 ? on_first(devices, placement)
                                              : in_terms_of_keys(best.plan, devices, placement);
}

}  // namespace seq2seq::run
