#include "seq2seq/run/placement_layout.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::run {

namespace {

constexpr int paper_devices = 8;

/// The places that the options name, and the parts in each.
class Layout {
 public:
  Layout(const PlacementOptions& options, const nn::LayerCounts& layers, c10::Device device)
      : options_(options), layers_(layers) {
    list_places(device);
    by_preset_ = static_cast<int>(made_.places.size());
    if (by_preset()) check_enough();
    place_part("embeddings", options.embeddings, 0);
    place_stack("encoder", options.encoder, layers.encoder);
    place_part("bridge", options.bridge, 0);
    place_stack("decoder", options.decoder, layers.decoder);
    if (by_preset() || !options.attention.empty())
      place_part("attention", options.attention, made_.parts[nn::layer_part("decoder", layers.decoder - 1)]);
    place_output();
  }

  PlacementLayout take() { return std::move(made_); }

 private:
  bool by_preset() const { return options_.preset == "paper" || options_.preset == "vocabulary_parallel"; }
  int64_t depth() const { return std::max(layers_.encoder, layers_.decoder); }
  std::string places_key() const { return options_.devices.empty() ? "preset" : "devices"; }

  void list_places(c10::Device device) {
    for (const auto& text : options_.devices) made_.places.push_back({device_at("devices", text), "devices"});
    if (!made_.places.empty()) return;
    if (!by_preset()) return made_.places.push_back({device, ""});
    const int64_t count = options_.preset == "paper" ? paper_devices : depth();
    for (int64_t place = 0; place < count; ++place)
      made_.places.push_back({c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(place)), "preset"});
  }

  void check_enough() const {
    const int64_t wanted =
        std::max(options_.encoder.empty() ? layers_.encoder : 0, options_.decoder.empty() ? layers_.decoder : 0);
    const int64_t given = std::ssize(made_.places);
    if (given < wanted) {
      throw PlacementError(places_key(),
                           fmt::format("{} for {}: `{}` places each layer on the next device",
                                       format_count(given, "device"), format_count(wanted, "layer"), options_.preset),
                           "Add devices to `placement.devices` (a device may occur several times), or place the layers "
                           "with `placement.encoder` and `placement.decoder`");
    }
  }

  /// Returns the place that a key names. Without `devices`, each new device is a new place.
  int find(const std::string& key, const std::string& text) {
    if (const int number = place_number(text); number >= 0) {
      if (number < std::ssize(options_.devices)) return number;
      throw PlacementError(key,
                           fmt::format("is place {}, but `placement.devices` has {}", number,
                                       format_count(std::ssize(options_.devices), "device")),
                           "Places are counted from 0");
    }
    const auto device = device_at(key, text);
    const auto found = std::ranges::find(made_.places, device, &PlacementLayout::Place::device);
    if (found != made_.places.end()) return static_cast<int>(found - made_.places.begin());
    if (!options_.devices.empty()) {
      throw PlacementError(
          key, fmt::format("`{}` is not one of `placement.devices`: {}", text, fmt::join(options_.devices, ", ")),
          "Add it there, or use one of them");
    }
    made_.places.push_back({device, key});
    return static_cast<int>(made_.places.size()) - 1;
  }

  void place_part(const std::string& part, const std::string& named, int by_preset_at) {
    if (!named.empty()) {
      made_.parts[part] = find(part, named);
    } else if (by_preset()) {
      made_.parts[part] = by_preset_at;
    }
  }

  void place_stack(const std::string& stack, const std::vector<std::string>& named, int64_t layers) {
    if (!named.empty() && std::ssize(named) != layers) {
      throw PlacementError(stack,
                           fmt::format("names {}, but the {} has {}", format_count(std::ssize(named), "device"), stack,
                                       format_count(layers, "layer")),
                           "Give one device for each layer");
    }
    for (int64_t layer = 0; layer < layers; ++layer) place_part(nn::layer_part(stack, layer), stack, named, layer);
  }

  void place_part(const std::string& part, const std::string& key, const std::vector<std::string>& named,
                  int64_t layer) {
    if (!named.empty()) {
      made_.parts[part] = find(key, named[static_cast<size_t>(layer)]);
    } else if (by_preset()) {
      made_.parts[part] = static_cast<int>(layer);
    }
  }

  void place_output() {
    for (const auto& text : options_.output) made_.output.push_back(find("output", text));
    if (options_.output.empty() && by_preset()) made_.output = output_by_preset();
    if (!options_.shares.empty() && options_.shares.size() != made_.output.size()) {
      throw PlacementError(
          "shares",
          fmt::format("{} for an output layer on {}", format_count(std::ssize(options_.shares), "share"),
                      format_count(std::ssize(made_.output), "device")),
          "Give one share for each device");
    }
  }

  /// Returns the places of the preset with a layer, or those without a layer.
  std::vector<int> output_by_preset() const {
    std::set<int> with_layer;
    for (const auto& [part, place] : made_.parts)
      if (part.starts_with("encoder.") || part.starts_with("decoder.")) with_layer.insert(place);
    std::vector<int> output;
    for (int place = 0; place < by_preset_; ++place)
      if (with_layer.contains(place) == (options_.preset == "vocabulary_parallel")) output.push_back(place);
    if (!output.empty()) return output;
    throw PlacementError(places_key(),
                         fmt::format("the layers of the model use all of {}, which leaves none for the output layer",
                                     format_count(by_preset_, "device")),
                         "Add devices to `placement.devices`, or set `placement.output`");
  }

  const PlacementOptions& options_;
  nn::LayerCounts layers_;
  int by_preset_ = 0;  // places that the preset can use: excludes those added by keys of single parts
  PlacementLayout made_;
};

}  // namespace

PlacementLayout lay_out(const PlacementOptions& options, const nn::LayerCounts& layers, c10::Device device) {
  return Layout(options, layers, device).take();
}

/// Returns the number of a place if the text is one, otherwise -1.
int place_number(const std::string& text) {
  int number = -1;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && stop == end ? number : -1;
}

c10::Device device_at(const std::string& key, const std::string& text) {
  try {
    return parse_device_name(text);
  } catch (const UsageError& error) {
    throw PlacementError(key, error.what(), "");
  }
}

}  // namespace seq2seq::run
