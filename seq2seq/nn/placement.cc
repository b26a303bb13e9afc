#include "seq2seq/nn/placement.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::nn {

namespace {

void check_count(size_t shards, int64_t vocabulary) {
  if (std::cmp_less_equal(shards, vocabulary)) return;
  throw UsageError(fmt::format("`placement.output` names {}, but the vocabulary has {} words",
                               format_count(static_cast<int64_t>(shards), "device"), format_count(vocabulary)),
                   "Each shard needs a word: name fewer devices");
}

}  // namespace

std::string layer_part(const std::string& stack, int64_t layer) { return stack + "." + std::to_string(layer); }

std::vector<OutputShard> split_words(const std::vector<c10::Device>& devices, int64_t vocabulary) {
  check_count(devices.size(), vocabulary);
  std::vector<OutputShard> shards;
  const auto count = static_cast<int64_t>(devices.size());
  int64_t first = 0;
  for (int64_t shard = 0; shard < count; ++shard) {
    const int64_t words = vocabulary / count + (shard < vocabulary % count ? 1 : 0);
    shards.push_back({.device = devices[static_cast<size_t>(shard)], .first = first, .last = first + words});
    first += words;
  }
  return shards;
}

std::vector<OutputShard> with_words(const std::vector<OutputShard>& shards, int64_t vocabulary) {
  const bool open = std::ranges::all_of(shards, [](const auto& shard) { return shard.first == 0 && shard.last == 0; });
  if (open) {
    std::vector<c10::Device> devices;
    for (const auto& shard : shards) devices.push_back(shard.device);
    auto split = split_words(devices, vocabulary);
    for (size_t shard = 0; shard < shards.size(); ++shard) split[shard].place = shards[shard].place;
    return split;
  }
  int64_t covered = 0;
  for (size_t shard = 0; shard < shards.size(); ++shard) {
    const auto& words = shards[shard];
    if (words.first != covered || words.last <= words.first) {
      throw UsageError(
          fmt::format("`placement.output`: shard {} has the words {} up to {}, but the shards before it "
                      "end at {}",
                      shard + 1, format_count(words.first), format_count(words.last), format_count(covered)),
          "Let each shard begin where the one before it ends, with one word or more");
    }
    covered = words.last;
  }
  if (covered != vocabulary)
    throw UsageError(fmt::format("`placement.output`: the shards have {} words, but the vocabulary has {}",
                                 format_count(covered), format_count(vocabulary)),
                     "Let the last shard end with the last word");
  return shards;
}

c10::Device Placement::of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? device : named->second.device;
}

c10::Device Placement::of_layer(const std::string& stack, int64_t layer) const { return of(layer_part(stack, layer)); }

int Placement::place_of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? 0 : named->second.place;
}

int Placement::place_of_layer(const std::string& stack, int64_t layer) const {
  return place_of(layer_part(stack, layer));
}

int Placement::places() const {
  int last = 0;
  for (const auto& [name, part] : parts) last = std::max(last, part.place);
  for (const auto& shard : output) last = std::max(last, shard.place);
  return last + 1;
}

int64_t Placement::named_layers(const std::string& stack) const {
  int64_t layers = 0;
  while (parts.contains(layer_part(stack, layers))) ++layers;
  return layers;
}

void check_placed(const Placement& placement, const std::string& stack, int64_t layers) {
  const int64_t named = placement.named_layers(stack);
  if (named == 0 || named == layers) return;
  throw UsageError(
      fmt::format("`placement.{}` names {} devices, but the {} has {} layers", stack, named, stack, layers),
      "Give one device for each layer");
}

}  // namespace seq2seq::nn
