#include "seq2seq/run/build.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"

namespace seq2seq::run {

namespace {

/// Reads the devices of one key of `placement`.
class DeviceReader {
 public:
  explicit DeviceReader(std::string key) : part_("placement." + std::move(key)) {}

  c10::Device read(const std::string& text) const {
    try {
      return parse_device(text);
    } catch (const UsageError& error) {
      throw UsageError(Place{.part = part_}, error.what(), "`--device DEVICE` puts the whole model on one device");
    }
  }

 private:
  std::string part_;
};

void place_layers(nn::Placement& placement, const std::string& stack, const std::vector<std::string>& devices) {
  const DeviceReader reader(stack);
  for (size_t layer = 0; layer < devices.size(); ++layer)
    placement.parts.insert_or_assign(fmt::format("{}.{}", stack, layer), reader.read(devices[layer]));
}

void place_part(nn::Placement& placement, const std::string& part, const std::string& device) {
  if (!device.empty()) placement.parts.insert_or_assign(part, DeviceReader(part).read(device));
}

}  // namespace

nn::Placement on_device(c10::Device device) { return {.device = device, .parts = {}, .output = {}}; }

nn::Placement training_placement(const PlacementOptions& options, const Environment& environment) {
  auto placement = on_device(environment.device);
  if (environment.single_device) return placement;
  place_part(placement, "embeddings", options.embeddings);
  place_layers(placement, "encoder", options.encoder);
  place_part(placement, "bridge", options.bridge);
  place_layers(placement, "decoder", options.decoder);
  for (const auto& device : options.output) placement.output.push_back({.device = DeviceReader("output").read(device)});
  return placement;
}

std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, const nn::Placement& placement) {
  return registries.models.make(options.model.architecture,
                                nn::ModelContext{.source_vocabulary = text.source_vocabulary().size(),
                                                 .target_vocabulary = text.target_vocabulary().size(),
                                                 .placement = placement,
                                                 .type = nn::type_of(options.train.precision)});
}

}  // namespace seq2seq::run
