#include "test/support/registered.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/config/tree.h"
#include "seq2seq/nn/model/language_model.h"
#include "test/support/models.h"

namespace seq2seq::test {
namespace {

const Values small_sizes{{"layers", "2"},  {"cells", "4"},           {"size", "3"},       {"units", "3"},
                         {"heads", "2"},   {"attention.width", "4"}, {"projection", "3"}, {"samples", "4"},
                         {"cutoffs", "4"}, {"shrink", "2"}};

const std::string* value_for(const Values& values, const std::string& path) {
  auto found = values.find(path);
  if (found == values.end()) found = values.find(path.substr(path.rfind('.') + 1));
  return found == values.end() ? nullptr : &found->second;
}

/// `layers: all` of a bridge is not a number of layers.
bool takes(const config::KeyFacts& key, const std::string& value) {
  return key.one_of.empty() ? key.type != config::KeyType::text
                            : std::ranges::find(key.one_of, value) != key.one_of.end();
}

const std::string of_language = "language model ";

/// Returns the registry of the variant with this name.
nn::ModelRegistry registry_of(const std::string& name) {
  return name.starts_with(of_language) ? nn::builtin_language_models() : nn::builtin_models();
}

/// Returns the variant with this name, with small sizes and `values` set.
Selection model_selection(const std::string& name, const Values& values) {
  auto architecture = name.substr(0, name.find(','));
  if (name.starts_with(of_language)) architecture = architecture.substr(of_language.size());
  return small(registry_of(name), architecture, values);
}

/// Returns sources of the variant. One id separates their parts, so random ids have any number and length of parts.
nn::SourceParts source_parts_of(const Values& values) {
  if (!values.contains("parts")) return {};
  using Combine = nn::MultiSourceOptions::Combine;
  return {.options = {values.contains("child_sum") ? Combine::child_sum : Combine::basic},
          .count = std::stoll(values.at("parts")),
          .separator = 5};
}

bool refused(const std::string& name, const Values& values) {
  try {
    registry_of(name).make(model_selection(name, values), {.source_vocabulary = 9,
                                                           .target_vocabulary = 8,
                                                           .placement = {.device = c10::kMeta},
                                                           .source_parts = source_parts_of(values)});
    return false;
  } catch (const UsageError&) {
    return true;
  }
}

/// Settings of the variants of the recurrent model, by name.
std::map<std::string, Values> recurrent_variants() {
  const nn::Parts parts;
  const nn::PartChoice choice(parts);
  std::map<std::string, Values> variants;
  for (const auto& kind : parts.layers.names()) {
    variants[fmt::format("rnn, layer {}", kind)] = {{"encoder.kind", kind}, {"decoder.kind", kind}};
    variants[fmt::format("rnn, bidirectional {}", kind)] = {
        {"encoder.kind", kind}, {"encoder.bidirectional", "first"}, {"encoder.cells", "2"}, {"bridge.kind", "linear"}};
  }
  for (const auto& kind : parts.encoders.names()) {
    Values values{{"encoder.kind", kind}, {"size", "4"}, {"feed_forward", "5"}};
    if (refused("rnn", values)) values["bridge.kind"] = "mean";  // without recurrence
    variants[fmt::format("rnn, encoder {}", kind)] = values;
    values["attention.kind"] = "general";
    variants[fmt::format("rnn, encoder {}, attention", kind)] = values;
  }
  for (const auto& kind : parts.bridges.names()) {
    // A bridge that reads the backward direction needs an encoder with one.
    Values values{{"bridge.kind", kind}};
    if (refused("rnn", values)) values["encoder.bidirectional"] = "all";
    variants[fmt::format("rnn, bridge {}", kind)] = values;
  }
  for (const auto& kind : parts.attentions.names()) {
    const auto variant = fmt::format("rnn, attention {}", kind);
    variants[variant] = {{"attention.kind", kind}};
    variants[variant + " fed"] = {{"attention.kind", kind}, {"attention.input_feeding", "true"}};
    variants[variant + " before"] = {{"attention.kind", kind}, {"attention.order", "before"}};
    variants[variant + " first_layer"] = {{"attention.kind", kind}, {"attention.order", "first_layer"}};
  }
  for (const auto& kind : parts.attentions.names()) {
    const Values values{{"attention.kind", kind}, {"coverage", "true"}};
    if (refused("rnn", values)) continue;  // without scores to which coverage could be added
    const auto variant = fmt::format("rnn, attention {} coverage", kind);
    variants[variant] = values;
    variants[variant + " fed before"] = values;
    variants[variant + " fed before"].insert({{"attention.order", "before"}, {"attention.input_feeding", "true"}});
  }
  variants["rnn, attention fed before maxout"] = {
      {"attention.kind", "additive"},      {"attention.order", "before"},
      {"attention.input_feeding", "true"}, {"attention.readout.activation", "maxout"},
      {"attention.readout.width", "3"},    {"attention.readout.embedding", "true"}};
  for (const auto& kind : parts.outputs.names()) {
    Values values{{"output.kind", kind}};
    if (refused("rnn", values)) values["attention.kind"] = "general";  // it copies
    variants[fmt::format("rnn, output {}", kind)] = values;
  }
  variants["rnn, output copy fed"] = {{"output.kind", "copy"},
                                      {"attention.kind", "additive"},
                                      {"attention.coverage", "true"},
                                      {"attention.order", "before"},
                                      {"attention.input_feeding", "true"}};
  variants["rnn, output copy extended"] = {
      {"output.kind", "copy"}, {"output.extended_vocabulary", "true"}, {"attention.kind", "general"}};
  variants["rnn, residual"] = {{"residual_from", "2"}, {"layer_dropout", "0.5"}};
  variants["rnn, noise along time"] = {{"variational", "true"},
                                       {"recurrent_dropout", "0.3"},
                                       {"zoneout", "0.2"},
                                       {"layers", "2"},
                                       {"dropout.words.by", "occurrence"}};
  variants["rnn, tied"] = {{"embedding.tied", "true"}, {"size", "4"}};
  variants["rnn, shared"] = {{"embedding.shared", "true"}};
  variants["rnn, tied and shared"] = {{"embedding.tied", "true"}, {"embedding.shared", "true"}, {"size", "4"}};
  return variants;
}

/// Returns variants with an encoder for each of several sentences of a source.
std::map<std::string, Values> multi_source_variants() {
  const nn::Parts parts;
  std::map<std::string, Values> variants;
  for (const auto& kind : parts.layers.names())
    variants[fmt::format("rnn, sources {}", kind)] = {{"encoder.kind", kind}, {"decoder.kind", kind}};
  variants["rnn, sources child_sum"] = {{"child_sum", "true"}, {"attention.kind", "general"}};
  variants["rnn, sources shared"] = {{"embedding.shared", "true"},
                                     {"encoder.bidirectional", "first"},
                                     {"encoder.cells", "2"},
                                     {"bridge.kind", "linear"}};
  variants["rnn, sources three"] = {{"parts", "3"}, {"child_sum", "true"}, {"attention.kind", "additive"}};
  for (const auto& kind : parts.encoders.names())
    variants[fmt::format("rnn, sources encoder {}", kind)] = {{"encoder.kind", kind},
                                                              {"size", "4"},
                                                              {"feed_forward", "5"},
                                                              {"bridge.kind", "mean"},
                                                              {"attention.kind", "general"}};
  for (const auto& kind : parts.attentions.names()) {
    const auto variant = fmt::format("rnn, sources attention {}", kind);
    variants[variant] = {{"attention.kind", kind}};
    variants[variant + " fed"] = {{"attention.kind", kind}, {"attention.input_feeding", "true"}};
    const Values covered{{"attention.kind", kind}, {"coverage", "true"}, {"attention.order", "before"}};
    if (!refused("rnn", covered)) variants[variant + " coverage before"] = covered;
  }
  for (auto& [variant, values] : variants) values.emplace("parts", "2");
  return variants;
}

std::map<std::string, Values> transformer_variants() {
  const Values sizes{{"width", "4"}, {"feed_forward", "5"}, {"longest", "20"}};
  const std::map<std::string, Values> changed{
      {"transformer", {}},
      {"transformer, shared", {{"embedding.shared", "true"}}},
      {"transformer, norm pre", {{"norm", "pre"}, {"layer_dropout", "0.5"}}},
      {"transformer, positions learned", {{"positions", "learned"}, {"dropout.words.by", "occurrence"}}},
      {"transformer, positions rotary", {{"positions", "rotary"}, {"norm", "pre"}, {"activation", "gelu"}}},
      {"transformer, positions none", {{"positions", "none"}, {"scale", "false"}, {"tied", "false"}, {"heads", "1"}}}};
  std::map<std::string, Values> variants;
  for (const auto& [name, values] : changed) {
    variants[name] = values;
    variants[name].insert(sizes.begin(), sizes.end());
  }
  return variants;
}

std::map<std::string, Values> language_model_variants() {
  const nn::Parts parts;
  std::map<std::string, Values> variants;
  for (const auto& kind : parts.layers.names())
    variants[fmt::format("language model rnn, layer {}", kind)] = {{"decoder.kind", kind}};
  for (const auto& kind : parts.outputs.names()) {
    const Values values{{"output.kind", kind}};
    if (refused("language model rnn", values)) continue;  // it copies source words
    variants[fmt::format("language model rnn, output {}", kind)] = values;
  }
  variants["language model rnn, residual"] = {{"residual_from", "2"}};
  variants["language model rnn, noise along time"] = {
      {"variational", "true"}, {"recurrent_dropout", "0.3"}, {"zoneout", "0.2"}, {"dropout.words.by", "occurrence"}};
  variants["language model rnn, tied"] = {{"embedding.tied", "true"}, {"size", "4"}};
  for (const auto& [name, values] : transformer_variants())
    if (!values.contains("embedding.shared")) variants["language model " + name] = values;
  return variants;
}

std::map<std::string, Values> made_variants() {
  auto variants = recurrent_variants();
  for (const auto& kind : nn::builtin_models().names()) {
    if (kind != "rnn" && kind != "transformer") variants[kind] = {};
  }
  variants.merge(multi_source_variants());
  variants.merge(transformer_variants());
  variants.merge(language_model_variants());
  return variants;
}

/// Made once, because `refused` builds models.
const std::map<std::string, Values>& all_variants() {
  static const auto variants = made_variants();
  return variants;
}

}  // namespace

Selection small(const Kinds& kinds, const std::string& kind, const Values& values) {
  const auto options = kinds.options(kind);
  config::Keys keys;
  options.declare(keys);
  config::visit_keys(keys, [&](const std::string& path, const config::KeyFacts& key) {
    const auto* value = value_for(values, path);
    if (value == nullptr) value = value_for(small_sizes, path);
    if (value != nullptr && takes(key, *value)) key.set({*value});
  });
  return {.kind = kind, .options = options.value};
}

int64_t target_words_of(const std::string& variant) {
  const auto& values = all_variants().at(variant);
  return values.contains("embedding.shared") ? 9 : 8;
}

std::vector<ModelVariant> model_variants() {
  std::vector<ModelVariant> variants;
  for (const auto& [name, values] : all_variants()) variants.push_back({name, model_selection(name, values)});
  return variants;
}

std::vector<std::string> names_of(const std::vector<ModelVariant>& variants) {
  std::vector<std::string> names;
  for (const auto& variant : variants) names.push_back(variant.name);
  return names;
}

std::shared_ptr<nn::Model> random_variant(const std::string& name, uint64_t seed, double dropout, at::ScalarType type,
                                          const nn::Placement& placement) {
  auto values = all_variants().at(name);
  for (const auto* site :
       {"dropout.embedding", "dropout.layers", "dropout.output", "dropout.residual", "dropout.attention",
        "dropout.inner", "dropout.words.source", "dropout.words.target", "weight_dropout"})
    values.emplace(site, fmt::format("{}", dropout));
  auto placed = placement;
  if (name.starts_with(of_language))  // it has no encoder to place
    std::erase_if(placed.parts, [](const auto& part) { return part.first.starts_with("encoder."); });
  auto model = registry_of(name).make(model_selection(name, values), {.source_vocabulary = 9,
                                                                      .target_vocabulary = target_words_of(name),
                                                                      .placement = placed,
                                                                      .source_parts = source_parts_of(values)});
  randomize(*model, seed, type);
  return model;
}

}  // namespace seq2seq::test
