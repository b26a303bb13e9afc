#include "seq2seq/run/task.h"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "seq2seq/config/given.h"
#include "seq2seq/config/yaml_file.h"
#include "seq2seq/core/text.h"
#include "seq2seq/run/yaml_kind.h"

namespace seq2seq::run {

namespace {

constexpr std::string_view no_source = "has no source", no_encoder = "has no encoder",
                           no_search = "has no search, because it writes no outputs";

const config::Given::Entry* entry_of(const config::Given& section, std::string_view name) {
  const auto found = std::ranges::find(section.entries, name, &config::Given::Entry::name);
  return found == section.entries.end() ? nullptr : &*found;
}

/// Returns the entry of a key by its path, `data.train.source`; null if it is not set.
const config::Given::Entry* find_path(const config::Given& root, std::string_view path) {
  const auto point = path.find('.');
  const auto* entry = entry_of(root, path.substr(0, point));
  return entry == nullptr || point == std::string_view::npos ? entry : find_path(entry->value, path.substr(point + 1));
}

/// Returns the values of file and overrides; no value for a file that is not YAML, which is reported when it is read.
std::optional<config::Given> given_by(const std::filesystem::path& file,
                                      const std::vector<config::Override>& overrides) {
  config::Faults unheard;
  try {
    auto root = config::parse_yaml(config::read_yaml_file(file), file.string(), unheard);
    if (root) config::apply(overrides, *root, unheard);
    return root;
  } catch (const Error&) {
    return {};
  }
}

/// A file that cannot be read is reported when it is read.
bool is_study(const std::filesystem::path& file) {
  try {
    return kind_of_yaml(config::read_yaml_file(file)) == YamlKind::study;
  } catch (const Error&) {
    return false;
  }
}

data::Task task_of(const std::optional<config::Given>& given) {
  const auto* task = given ? entry_of(*given, "task") : nullptr;
  return task != nullptr && task->value.text == "lm" ? data::Task::lm : data::Task::translation;
}

}  // namespace

const std::vector<RefusedKey>& keys_without_use_to_language_models() {
  static const std::vector<RefusedKey> keys{{"data.train.source", no_source},
                                            {"data.train.pairs", no_source},
                                            {"data.train.tags", no_source},
                                            {"data.train.weights", "does not weight sentences"},
                                            {"data.train.alignment", no_source},
                                            {"data.validation.source", no_source},
                                            {"data.test.source", no_source},
                                            {"data.source", no_source},
                                            {"data.shared_vocabulary", no_source},
                                            {"data.reverse", no_source},
                                            {"data.clean.max_ratio", no_source},
                                            {"data.clean.drop_empty_source", no_source},
                                            {"data.prepared", "reads its text into memory"},
                                            {"model.encoder", no_encoder},
                                            {"model.bridge", no_encoder},
                                            {"model.attention", no_encoder},
                                            {"model.embedding.shared", no_source},
                                            {"model.dropout.words.source", no_source},
                                            {"model.pretrained.source", no_source},
                                            {"model.factors", no_source},
                                            {"model.multi_source", no_source},
                                            {"train.coverage_loss", "has no attention to a source"},
                                            {"train.guided_alignment", "has no attention to a source"},
                                            {"decode.beam", no_search},
                                            {"decode.search", no_search},
                                            {"decode.min_length", no_search},
                                            {"decode.length_normalization", no_search},
                                            {"decode.repetition_penalty", no_search},
                                            {"decode.coverage_penalty", no_search},
                                            {"decode.diverse_beam", no_search},
                                            {"decode.patience", no_search},
                                            {"decode.no_repeat_ngram", no_search},
                                            {"decode.sample", no_search},
                                            {"decode.minimum_bayes_risk", no_search},
                                            {"decode.exact_nodes", no_search},
                                            {"decode.rescore", no_search},
                                            {"decode.n_best", no_search},
                                            {"decode.max_length", no_search},
                                            {"decode.oracle_length", no_search},
                                            {"decode.refill", no_search},
                                            {"decode.allow_unknown", no_search},
                                            {"decode.unknown", no_search},
                                            {"decode.empty_source", no_source},
                                            {"decode.language_model", no_search},
                                            {"metrics", "makes no translations that could be compared"},
                                            {"placement.encoder", no_encoder},
                                            {"placement.bridge", no_encoder},
                                            {"placement.attention", no_encoder}};
  return keys;
}

const nn::ModelRegistry& models_of(const ModelOptions& options, const Registries& registries) {
  return options.language_model ? registries.language_models : registries.models;
}

data::Task task_of(const std::filesystem::path& configuration) { return task_of(given_by(configuration, {})); }

std::unique_ptr<Configuration> configuration_for(const std::filesystem::path& file,
                                                 const std::vector<config::Override>& overrides,
                                                 const Registries& registries) {
  if (is_study(file))
    throw UsageError(Place{.file = file.string()}, "is a study, not the configuration of one run",
                     fmt::format("Use `seq2seq study run {}`, or the configuration that it names as `base`",
                                 shell_word(file.string())));
  const auto given = given_by(file, overrides);
  if (task_of(given) == data::Task::translation) return std::make_unique<Configuration>(registries);
  config::Faults faults;
  for (const auto& [key, why] : keys_without_use_to_language_models()) {
    if (const auto* entry = find_path(*given, key))
      faults.add(entry->source, fmt::format("`{}`: a language model (`task: lm`) {}", key, why), "Remove it");
  }
  faults.throw_if_any();
  return std::make_unique<Configuration>(registries, data::Task::lm);
}

}  // namespace seq2seq::run
