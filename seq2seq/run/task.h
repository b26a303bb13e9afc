#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// A key or section of a translation that `task: lm` refuses.
struct RefusedKey {
  std::string_view key;
  std::string_view why;  // behind "a language model": "has no source"
};
const std::vector<RefusedKey>& keys_without_use_to_language_models();

/// Returns the task that a configuration names, or translation if the file cannot be read; reading the whole
/// configuration then reports the error.
data::Task task_of(const std::filesystem::path& configuration);

/// An empty configuration with the keys of the task that the file, or an override, names. Throws UsageError for keys
/// that this task cannot use, with the place of each.
std::unique_ptr<Configuration> configuration_for(const std::filesystem::path& file,
                                                 const std::vector<config::Override>& overrides,
                                                 const Registries& registries);

}  // namespace seq2seq::run
