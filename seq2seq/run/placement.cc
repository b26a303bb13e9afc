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

/// Every key that names devices, with what it names.
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
  constexpr double tolerance = 0.002;  // three thirds written as 0.333
  const auto& shares = options.shares;
  if (shares.empty()) return;
  if (options.preset == "single" && options.output.empty())
    throw PlacementError("shares", "are those of the output layer's devices, and none are named",
                         "Name them by `placement.output`");
  double sum = 0;
  for (const double share : shares) {
    if (!(share > 0) || !std::isfinite(share))
      throw PlacementError("shares", fmt::format("each must be above 0, found {}", share),
                           "Leave out a device that is to have no words");
    sum += share;
  }
  if (!options.output.empty() && shares.size() != options.output.size())
    throw PlacementError("shares",
                         fmt::format("{} for {} under `placement.output`", many(std::ssize(shares), "share"),
                                     many(std::ssize(options.output), "device")),
                         "Name one share for each device");
  if (std::abs(sum - 1) > tolerance)
    throw PlacementError("shares",
                         fmt::format("must add up to 1, but {} add up to {:g}", fmt::join(shares, " + "), sum),
                         "Name the part of the words that each device holds, as in `[0.5, 0.25, 0.25]`");
}

/// Where the words of each shard begin and end: borders at the nearest word, none empty. One more than shards.
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
           "single: all on one device; paper: layer k of either side on device k, the output layer split over the "
           "devices after them; vocabulary_parallel: the output layer split over the devices of the layers; auto: what "
           "the planner expects to be fastest, which is single on one device")
      .one_of({"single", "paper", "vocabulary_parallel", "auto"})
      .changes_no_result();
  const auto part = [&keys](const char* name, auto& devices, const char* meaning) {
    keys.add(name, devices, meaning).changes_no_result();
  };
  part("devices", options.devices,
       "cpu, cuda or cuda:N, each a place, and one may come several times; empty: the command's device for single, "
       "cuda:0 to cuda:7 for paper, cuda:0 and on, one a layer, for vocabulary_parallel");
  part("embeddings", options.embeddings,
       "device of the word vectors of both sides, as cuda:1 or as the number of one of `devices`, from 0; empty: as "
       "the preset has it");
  part("encoder", options.encoder, "devices of the encoder's layers, one each; empty: as the preset has it");
  part("bridge", options.bridge, "device of what the bridge computes; empty: as the preset has it");
  part("attention", options.attention, "device of the attention; empty: as the preset has it");
  part("decoder", options.decoder, "devices of the decoder's layers, one each; empty: as the preset has it");
  part("output", options.output,
       "devices of the output layer, each with a part of the words; empty: as the preset has it");
  part("shares", options.shares, "part of the words on each output device, adding up to 1; empty: equal parts");
  keys.select("schedule", options.schedule, *options.schedules, "in which order the places work").changes_no_result();
  keys.add("chunk", options.chunk,
           "steps that a layer hands on at a time, where the schedule cuts them; 1: the paper's; 0: all")
      .at_least(0)
      .changes_no_result();
  using Threads = PlacementOptions::Threads;
  keys.add("threads", options.threads, {{"together", Threads::together}, {"per_stage", Threads::per_stage}},
           "of places on the processor: all threads on one place after another, or a share of them for each place")
      .changes_no_result();
  keys.add("patience", options.patience, "seconds without progress at any place after which a training ends")
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
      throw PlacementError(key, "cannot be combined with `preset: auto`, which places every part",
                           "Leave it out, or choose another preset");
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
    if (!is_here(place.device) && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const auto& [key, names] : missing) {
    if (names.empty()) continue;
    throw PlacementError(key,
                         fmt::format("device{} {} {} not found: {}", names.size() == 1 ? "" : "s",
                                     fmt::join(names, ", "), names.size() == 1 ? "was" : "were", gpus_here()),
                         "Use `--device cpu` to put the whole model on the processor, or name devices that are here "
                         "under `placement`");
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
                                     many(std::ssize(output), "device"), many(words, "word")),
                         "Each device needs a word of its own: name fewer");
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
  if (!options.devices.empty()) return read_device(options.devices.front());
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
  log.warn(fmt::format("device{} {} of `placement.devices` stay{} idle: {}", idle.size() == 1 ? "" : "s", numbers,
                       idle.size() == 1 ? "s" : "", fmt::join(names, ", ")));
}

}  // namespace seq2seq::run
