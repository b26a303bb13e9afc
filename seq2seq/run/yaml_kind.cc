#include "seq2seq/run/yaml_kind.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <vector>

namespace seq2seq::run {

namespace {

/// Returns the keys at the top of a YAML file: text that begins a line and ends with a colon.
std::set<std::string> top_keys(const std::string& text) {
  std::set<std::string> keys;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto key = line.substr(0, line.find(':'));
    if (!key.empty() && key.size() < line.size() && std::isalpha(static_cast<unsigned char>(key.front())) != 0)
      keys.insert(key.substr(0, key.find('.')));  // `train.updates: 5` belongs to `train`
  }
  return keys;
}

}  // namespace

YamlKind kind_of_yaml(const std::string& text) {
  const auto keys = top_keys(text);
  const auto count = [&keys](const std::vector<std::string>& names) {
    return std::count_if(names.begin(), names.end(), [&keys](const auto& name) { return keys.contains(name); });
  };
  // A misplaced key of the other kind does not decide: its own error says more.
  const auto of_study = count({"question", "rows", "base", "axes", "scales"}),
             of_run = count({"data", "model", "train"});
  if (of_study > of_run) return YamlKind::study;
  if (of_run > 0) return YamlKind::configuration;
  if (count({"device", "processors", "link"}) > 0) return YamlKind::machine;
  return keys.contains("placement") ? YamlKind::placement : YamlKind::other;
}

}  // namespace seq2seq::run
