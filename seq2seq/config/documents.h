#pragma once

#include <optional>
#include <string>

#include <yaml-cpp/yaml.h>

namespace seq2seq::config {

/// What a text of YAML holds: its first document, if there is one, and where another begins.
struct Documents {
  std::optional<YAML::Node> first;
  std::optional<YAML::Mark> second;
};

/// Throws YAML::Exception where the text is no YAML. (YAML::LoadAll never returns from a text with a stray comma: it
/// takes it for one empty document after another.)
Documents read_documents(const std::string& text);

}  // namespace seq2seq::config
