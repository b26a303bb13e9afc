#include "seq2seq/run/placement.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/device.h"
#include "seq2seq/run/placement_layout.h"

namespace seq2seq::run {

namespace {

/// Returns every key that names devices, with the devices.
std::vector<std::pair<std::string, std::vector<std::string>>> named_devices(const PlacementOptions& options) {
  std::vector<std::pair<std::string, std::vector<std::string>>> named{
      {"encoder", options.encoder}, {"decoder", options.decoder}, {"output", options.output}};
  std::erase_if(named, [](const auto& each) { return each.second.empty(); });
  for (const auto& [key, device] :
       {std::pair("embeddings", options.embeddings), {"bridge", options.bridge}, {"attention", options.attention}}) {
    if (!device.empty()) named.emplace_back(key, std::vector{device});
  }
  return named;
}

void check_shares(const PlacementOptions& options) {
  constexpr double tolerance = 0.002;  // accepts three thirds written as 0.333
  const auto& shares = options.shares;
  if (shares.empty()) return;
  if (options.preset == "single" && options.output.empty())
    throw PlacementError("shares", "need devices of the output layer, and there are none", "Set `placement.output`");
  double sum = 0;
  for (const double share : shares) {
    if (!(share > 0) || !std::isfinite(share))
      throw PlacementError("shares", fmt::format("each must be above 0, found {}", share),
                           "Leave out devices without words");
    sum += share;
  }
  if (!options.output.empty() && shares.size() != options.output.size())
    throw PlacementError("shares",
                         fmt::format("{} for {} under `placement.output`", format_count(std::ssize(shares), "share"),
                                     format_count(std::ssize(options.output), "device")),
                         "Give one share for each device");
  if (std::abs(sum - 1) > tolerance)
    throw PlacementError("shares",
                         fmt::format("must add up to 1, but {} add up to {:g}", fmt::join(shares, " + "), sum),
                         "Give the share of the words on each device, as in `[0.5, 0.25, 0.25]`");
}

/// Returns the word at which each shard begins, and the end: borders at the nearest word, no shard empty.
std::vector<int64_t> word_borders(size_t shards, const std::vector<double>& shares, int64_t words) {
  const auto count = static_cast<int64_t>(shards);
  double sum = 0;
  for (const double share : shares) sum += share;
  std::vector<int64_t> borders{0};
  double before = 0;
  for (int64_t shard = 0; shard < count; ++shard) {
    before += shares.empty() ? 1.0 / static_cast<double>(count) : shares[static_cast<size_t>(shard)] / sum;
    const auto nearest = static_cast<int64_t>(std::llround(before * static_cast<double>(words)));
    borders.push_back(std::clamp(nearest, borders.back() + 1, words - (count - 1 - shard)));
  }
  borders.back() = words;
  return borders;
}

}  // namespace

PlacementError::PlacementError(const std::string& key, const std::string& problem, const std::string& remedy)
    : UsageError(Place{.part = "placement." + key}, problem, remedy),
      key_(key),
      text_(remedy.empty() ? problem : fmt::format("{}. {}", problem, remedy)) {}

void declare(config::Keys& keys, PlacementOptions& options) {
  keys.add("preset", options.preset,
           "single: all on one device; paper: layer k of both sides on device k, the output layer split over the next "
           "devices; vocabulary_parallel: the output layer split over the devices of the layers; auto: the fastest "
           "layout according to the planner")
      .one_of({"single", "paper", "vocabulary_parallel", "auto"})
      .changes_no_result();
  const auto part = [&keys](const char* name, auto& devices, const char* meaning) {
    keys.add(name, devices, meaning).changes_no_result();
  };
  part("devices", options.devices,
       "list of cpu, cuda or cuda:N, one per place; a device may occur several times. Empty: the command's device for "
       "single, cuda:0 to cuda:7 for paper, one GPU per layer for vocabulary_parallel");
  part("embeddings", options.embeddings,
       "device of the word vectors of both sides, as cuda:1 or as an index of `devices`, from 0; empty: as in the "
       "preset");
  part("encoder", options.encoder, "devices of the encoder's layers, one each; empty: as in the preset");
  part("bridge", options.bridge, "device of the bridge; empty: as in the preset");
  part("attention", options.attention, "device of the attention; empty: as in the preset");
  part("decoder", options.decoder, "devices of the decoder's layers, one each; empty: as in the preset");
  part("output", options.output,
       "devices of the output layer, each with a share of the words; empty: as in the preset");
  part("shares", options.shares, "share of the words on each output device, summing to 1; empty: equal shares");
  keys.select("schedule", options.schedule, *options.schedules, "order in which the places work").changes_no_result();
  keys.add("chunk", options.chunk,
           "steps that a layer passes on at a time, in wavefront schedules; 1: as in the paper, 0: all. Larger chunks "
           "compute faster but wait longer")
      .at_least(0)
      .changes_no_result();
  using Threads = PlacementOptions::Threads;
  keys.add("threads", options.threads, {{"together", Threads::together}, {"per_stage", Threads::per_stage}},
           "threads of places on the CPU. together: all threads work on one place after another; per_stage: each place "
           "has its share")
      .changes_no_result();
  keys.add("patience", options.patience, "seconds after which training ends if no place makes progress")
      .above(0)
      .changes_no_result();
  for (const char* key : {"devices", "embeddings", "encoder", "bridge", "attention", "decoder", "output", "shares"}) {
    keys.rule(key, [&options, key = std::string(key)]() -> std::string {
      try {
        check_keys(options);
      } catch (const PlacementError& error) {
        if (error.key() == key) return error.text();
      }
      return {};
    });
  }
}

bool names_nothing(const PlacementOptions& options) {
  return options.preset == "single" && options.devices.empty() && named_devices(options).empty();
}

void check_keys(const PlacementOptions& options) {
  for (const auto& text : options.devices) device_at("devices", text);
  for (const auto& [key, devices] : named_devices(options)) {
    if (options.preset == "auto")
      throw PlacementError(key, "cannot be combined with `preset: auto`", "Leave it out, or choose another preset");
    for (const auto& text : devices)
      if (place_number(text) < 0) device_at(key, text);
  }
  check_shares(options);
}

void check_layers(const PlacementOptions& options, const nn::LayerCounts& layers) {
  lay_out(options, layers, c10::kCPU);
}

void check_devices(const PlacementOptions& options, const nn::LayerCounts& layers) {
  std::map<std::string, std::vector<std::string>> missing;  // by key
  const auto layout = lay_out(options, layers, c10::kCPU);
  for (const auto& place : layout.places) {
    auto& names = missing[place.key];
    const auto name = fmt::format("`{}`", place.device.str());
    if (!is_available(place.device) && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const auto& [key, names] : missing) {
    if (names.empty()) continue;
    throw PlacementError(
        key,
        fmt::format("device{} {} {} not found: {}", names.size() == 1 ? "" : "s", fmt::join(names, ", "),
                    names.size() == 1 ? "was" : "were", describe_gpus()),
        "Use `--device cpu` to put the whole model on the CPU, or use existing devices in `placement`");
  }
}

nn::Placement make_placement(const PlacementOptions& options, c10::Device device, const nn::LayerCounts& layers,
                             int64_t words) {
  check_keys(options);
  const auto layout = lay_out(options, layers, device);
  const auto device_of = [&layout](int place) { return layout.places[static_cast<size_t>(place)].device; };
  nn::Placement placement{.device = device_of(0), .parts = {}, .output = {}};
  for (const auto& [part, place] : layout.parts)
    placement.parts.emplace(part, nn::PartPlace{.device = device_of(place), .place = place});
  const auto& output = layout.output;
  if (output.empty()) return placement;
  if (std::ssize(output) > words) {
    throw PlacementError(options.output.empty() ? "preset" : "output",
                         fmt::format("{} of the output layer for a target vocabulary of {}",
                                     format_count(std::ssize(output), "device"), format_count(words, "word")),
                         "Each device needs at least one word: use fewer devices");
  }
  const auto borders = word_borders(output.size(), options.shares, words);
  for (size_t shard = 0; shard < output.size(); ++shard)
    placement.output.push_back({.device = device_of(output[shard]),
                                .first = borders[shard],
                                .last = borders[shard + 1],
                                .place = output[shard]});
  return placement;
}

c10::Device first_device(const PlacementOptions& options, c10::Device device) {
  if (!options.devices.empty()) return parse_device_name(options.devices.front());
  if (options.preset == "auto") return has_gpu() ? c10::Device(c10::kCUDA, 0) : device;
  return options.preset == "single" ? device : c10::Device(c10::kCUDA, 0);
}

void warn_of_idle(const PlacementOptions& options, const nn::Placement& placement, const nn::LayerCounts& layers,
                  Log& log) {
  std::set<int> busy;
  for (const auto& [part, place] : placement.parts) busy.insert(place.place);
  for (const auto& shard : placement.output) busy.insert(shard.place);
  const bool all_named = placement.parts.contains("embeddings") && !placement.output.empty() &&
                         placement.named_layers("encoder") == layers.encoder &&
                         placement.named_layers("decoder") == layers.decoder;
  if (!all_named) busy.insert(0);
  std::vector<size_t> idle;
  std::vector<std::string> names;
  for (size_t place = 0; place < options.devices.size(); ++place) {
    if (busy.contains(static_cast<int>(place))) continue;
    idle.push_back(place);
    names.push_back(options.devices[place]);
  }
  if (idle.empty()) return;
  const auto numbers = idle.size() == 1
                           ? fmt::format("{}", idle.front())
                           : fmt::format("{} and {}", fmt::join(idle.begin(), idle.end() - 1, ", "), idle.back());
  log.warn(fmt::format("device{} {} of `placement.devices` stay{} unused: {}", idle.size() == 1 ? "" : "s", numbers,
                       idle.size() == 1 ? "s" : "", fmt::join(names, ", ")));
}

}  // namespace seq2seq::run
