#include "seq2seq/config/hints.h"

#include <algorithm>
#include <memory>
#include <variant>

#include <fmt/format.h>

#include "seq2seq/config/nearest.h"

namespace seq2seq::config {

std::string answer_to_path(const Keys& all, const std::string& path) {
  const auto& answers = all.tree().answers;
  const auto found = answers.find(path);
  return found == answers.end() ? std::string() : found->second;
}

std::string answer_to_key(const Keys& all, const std::string& path) {
  const auto answer = answer_to_path(all, path);
  return answer.empty() ? answer_to_path(all, path.substr(path.rfind('.') + 1)) : answer;
}

std::string answer_to_value(const Keys& all, const std::string& path, const std::string& value) {
  return answer_to_path(all, path + "=" + without_case(value));
}

std::string find_elsewhere(const Keys& all, std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  std::string found;
  visit_keys(all, [&](const std::string& path, const KeyFacts& facts) {
    if (found.empty() && (facts.name == name || path == name)) found = path;
  });
  return found;
}

std::string kind_meant(const Keys& section, const Given& value) {
  for (const auto& item : section.tree().items) {
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    const auto kinds = (*choice)->kinds().names();
    if (std::find(kinds.begin(), kinds.end(), value.text) != kinds.end())
      return fmt::format("{}: {}", join_path(section.tree().path, (*choice)->key().facts().name), value.text);
  }
  return {};
}

}  // namespace seq2seq::config
