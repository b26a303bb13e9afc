#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::config {

/// `--set train.optimizer.learning_rate=0.1`, in the order typed; later ones win.
struct Override {
  std::string option;  // for messages: "--set train.epochs=3" or "--seed 7", as typed
  std::string key;
  std::string value;               // YAML text: a scalar or a flow list
  std::filesystem::path folder{};  // folder of relative paths; empty: the current folder
};

/// Splits `section.key=value`. Throws UsageError if the `=` or the key is missing.
Override parse_override(const std::string& typed);

/// Options for reading a configuration. Given values are always checked.
struct ReadScope {
  /// A command that needs only this section requires only its keys and checks only its rules. Empty: all sections.
  std::string section{};
  /// True if rules between keys are checked.
  bool rules = true;
  /// The folder of the file when its absolute paths were written. If the folder was moved since, a path that no longer
  /// exists is looked up at the same place relative to the folder of now. Empty: paths are used as written.
  std::filesystem::path former_folder{};
};

/// Reads a YAML file over the defaults of `keys`, then the overrides, strictly: unknown and duplicate keys, wrong
/// types, octal and hexadecimal numbers, values out of range, missing required keys and broken rules are all collected
/// and thrown as one UsageError, each with file, line, column and the nearest known key (for an override: the option as
/// typed). Relative paths are relative to the folder of the file, or for an override to the current folder; they become
/// absolute.
void read_file(const std::filesystem::path& file, const std::vector<Override>& overrides, Keys& keys,
               const ReadScope& scope = {});

/// As above, from a text; messages use `name` as the file, and relative paths start from `folder`.
void read_text(const std::string& text, const std::string& name, const std::filesystem::path& folder,
               const std::vector<Override>& overrides, Keys& keys, const ReadScope& scope = {});

}  // namespace seq2seq::config
