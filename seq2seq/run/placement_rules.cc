#include "seq2seq/run/placement_rules.h"

#include <functional>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/given.h"
#include "seq2seq/config/yaml_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/task.h"

namespace seq2seq::run {

namespace {

/// Adds a rule for each key at which `check` may report an error. `options` must outlive the keys.
void add_rules(config::Keys& keys, const PlacementOptions& options, const std::function<void()>& check) {
  for (const char* name :
       {"preset", "devices", "embeddings", "encoder", "bridge", "attention", "decoder", "output", "shares"}) {
    keys.rule(std::string("placement.") + name, [&options, check, key = std::string(name)]() -> std::string {
      try {
        check_keys(options);
      } catch (const PlacementError&) {
        return {};  // reported by its own rule
      }
      try {
        check();
      } catch (const PlacementError& error) {
        if (error.key() == key) return error.text();
      }
      return {};
    });
  }
}

std::unique_ptr<Configuration> read(const std::filesystem::path& file, const std::vector<config::Override>& overrides,
                                    const Registries& registries, bool on_this_machine) {
  auto configuration = configuration_for(file, overrides, registries);
  const auto& options = configuration->options;
  add_rules(configuration->keys, options.placement, [&options, &registries, on_this_machine] {
    if (names_nothing(options.placement)) return;
    std::optional<nn::LayerCounts> layers;
    try {
      layers = layers_of(options.model, registries);
    } catch (const UsageError&) {
      return;  // reported by the model's own rules
    }
    check_layers(options.placement, *layers);
    if (on_this_machine) check_devices(options.placement, *layers);
  });
  config::read_file(file, overrides, configuration->keys, {.former_folder = former_folder(file)});
  return configuration;
}

/// Throws UsageError unless the file contains a section `placement` and nothing else.
void check_only_placement(const std::string& text, const std::filesystem::path& file) {
  config::Faults faults;
  const auto root = config::parse_yaml(text, file.string(), faults);
  faults.throw_if_any();
  std::vector<std::string> others;
  Place place{.file = file.string()};
  bool found = false;
  for (const auto& entry : root->entries) {
    if (entry.name == "placement") {
      found = true;
      continue;
    }
    if (others.empty()) place = entry.source.place;
    others.push_back(fmt::format("`{}`", entry.name));
  }
  if (!others.empty()) {
    throw UsageError(place,
                     fmt::format("a placement file may contain only `placement`, found {}", fmt::join(others, ", ")),
                     "Copy the section `placement` to a separate file");
  }
  if (!found) throw UsageError(place, "has no section `placement`", "For example, `placement: {preset: paper}`");
}

}  // namespace

nn::LayerCounts layers_of(const ModelOptions& options, const Registries& registries) {
  return outline(options, registries)->layers();
}

std::unique_ptr<Configuration> read_to_train(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Environment& environment) {
  if (environment.single_device) return read_configuration(file, overrides, *environment.registries);
  return read(file, overrides, *environment.registries, /*on_this_machine=*/true);
}

std::unique_ptr<Configuration> read_to_check(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Registries& registries) {
  return read(file, overrides, registries, /*on_this_machine=*/false);
}

PlacementOptions read_placement(const std::filesystem::path& file, const nn::LayerCounts& layers) {
  const auto text = config::read_yaml_file(file);
  check_only_placement(text, file);
  PlacementOptions options;
  config::Keys keys;
  keys.section("placement", options, "");
  add_rules(keys, options, [&options, &layers] {
    check_layers(options, layers);
    check_devices(options, layers);
  });
  config::read_text(text, file.string(), file.parent_path(), {}, keys);
  return options;
}

}  // namespace seq2seq::run
