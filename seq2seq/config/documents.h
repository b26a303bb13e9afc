#pragma once

#include <optional>
#include <string>

#include <yaml-cpp/yaml.h>

namespace seq2seq::config {

/// The first document of a YAML text, if there is one, and the place where a second one begins.
struct Documents {
  std::optional<YAML::Node> first;
  std::optional<YAML::Mark> second;
};

/// Throws YAML::Exception if the text is not YAML. (YAML::LoadAll never returns from a text with a stray comma: it
/// reads one empty document after another.)
Documents read_documents(const std::string& text);

}  // namespace seq2seq::config
