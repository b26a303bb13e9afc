#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::config {

/// `--set train.optimizer.learning_rate=0.1`, in the order typed; a later one wins.
struct Override {
  std::string option;  // for messages: "--set train.epochs=3" or "--seed 7", as typed
  std::string key;
  std::string value;               // YAML text: a scalar or a flow list
  std::filesystem::path folder{};  // what relative paths start from; empty: the current folder
};

/// Splits `section.key=value`; throws UsageError when there is no `=` or no key.
Override parse_override(const std::string& typed);

/// Whether the rules between keys are asked, or only each key by itself is checked.
enum class Rules { asked, left_out };

/// Reads a YAML file over the defaults of `keys`, then the overrides, strictly: unknown and duplicate keys, wrong
/// types, octal and hexadecimal numbers, values out of range, missing required keys and broken rules are all found and
/// thrown as one UsageError, each with file, line, column and the nearest known key (for an override: the option as
/// typed). Relative paths are taken from the folder of the file, those of an override from the current folder; they end
/// absolute.
void read_file(const std::filesystem::path& file, const std::vector<Override>& overrides, Keys& keys,
               Rules rules = Rules::asked);

/// The same from a text; `name` stands for the file in messages and `folder` is what relative paths start from.
void read_text(const std::string& text, const std::string& name, const std::filesystem::path& folder,
               const std::vector<Override>& overrides, Keys& keys, Rules rules = Rules::asked);

}  // namespace seq2seq::config
