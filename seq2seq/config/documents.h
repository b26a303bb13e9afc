#pragma once

#include <optional>
#include <string>

#include <yaml-cpp/yaml.h>

namespace seq2seq::config {

/// The first document of a YAML text, if there is one, and the start of the second one, if there is one.
struct Documents {
  std::optional<YAML::Node> first;
  std::optional<YAML::Mark> second;
};

/// Throws YAML::Exception if the text is not YAML. (YAML::LoadAll does not terminate on a text with a stray comma: it
/// returns empty documents without end.)
Documents read_documents(const std::string& text);

}  // namespace seq2seq::config
