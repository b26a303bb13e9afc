#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// A key or section of translation that `task: lm` does not support.
struct RefusedKey {
  std::string_view key;
  std::string_view why;  // continues "a language model": "has no source"
};
const std::vector<RefusedKey>& keys_without_use_to_language_models();

/// Returns the task set in a configuration, or translation if the file cannot be read; reading the whole configuration
/// then reports the error.
data::Task task_of(const std::filesystem::path& configuration);

/// Returns an empty configuration with the keys of the task set in the file or an override. Throws UsageError for a
/// study, and for keys that this task does not support, with the place of each.
std::unique_ptr<Configuration> configuration_for(const std::filesystem::path& file,
                                                 const std::vector<config::Override>& overrides,
                                                 const Registries& registries);

}  // namespace seq2seq::run
