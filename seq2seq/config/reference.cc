#include <algorithm>
#include <functional>
#include <memory>
#include <variant>

#include <fmt/format.h>

#include "seq2seq/config/check.h"
#include "seq2seq/config/nearest.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/config/tree.h"
#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

void describe_key(const KeyFacts& facts, size_t indent, std::string& text) {
  std::string line = fmt::format("{:{}}{}: {}", "", indent, facts.name, expectation(facts));
  const bool path = facts.type == KeyType::path || facts.type == KeyType::list_of_paths;
  const bool unset =
      facts.default_value == "null" || (path && (facts.default_value == "\"\"" || facts.default_value == "[]"));
  line += facts.required ? "; required" : unset ? "; not set" : "; default " + facts.default_value;
  if (path) {
    line += "; the content of the file counts, not its path";
  } else if (!facts.digest) {
    line += "; changes no result";
  } else if (facts.on_resume == OnResume::may_change) {
    line += "; may change on resume";
  }
  text += fmt::format("{}\n{:{}}{}\n", line, "", indent + 4, facts.meaning);
}

/// Writes the keys first, then the sections below, each under its full path, so that no key stands far from its
/// section's name.
void describe_keys(const Keys& keys, size_t indent, std::string& text) {
  for (const auto& item : keys.tree().items) {
    if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item)) describe_key((*key)->facts(), indent, text);
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    const KeyFacts& facts = (*choice)->key().facts();
    describe_key(facts, indent, text);
    for (const auto& kind : (*choice)->kinds().names()) {
      text += fmt::format("{:{}}with `{}: {}`: {}\n", "", indent, facts.name, kind, (*choice)->kinds().about(kind));
      describe_keys(*(*choice)->keys_of(kind), indent + 4, text);
    }
  }
}

void describe_section(const Keys& keys, const std::string& meaning, std::string& text);

void describe_sections_below(const Keys& keys, std::string& text) {
  for (const auto& item : keys.tree().items) {
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item)) {
      describe_section((*section)->keys, (*section)->meaning, text);
    }
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    for (const auto& kind : (*choice)->kinds().names()) describe_sections_below(*(*choice)->keys_of(kind), text);
  }
}

void describe_section(const Keys& keys, const std::string& meaning, std::string& text) {
  if (!keys.tree().path.empty()) text += fmt::format("\n{}: {}\n", keys.tree().path, meaning);
  describe_keys(keys, keys.tree().path.empty() ? 0 : 2, text);
  describe_sections_below(keys, text);
}

/// Every section with its path and meaning, those of all kinds too.
void visit_sections(const Keys& keys, const std::function<void(const Keys&, const std::string&)>& visit) {
  for (const auto& item : keys.tree().items) {
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item)) {
      visit((*section)->keys, (*section)->meaning);
      visit_sections((*section)->keys, visit);
    }
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    for (const auto& kind : (*choice)->kinds().names()) visit_sections(*(*choice)->keys_of(kind), visit);
  }
}

using VisitKey = std::function<void(const std::string& path, const KeyFacts&, const std::string& with)>;

/// Every key with its path, those of all kinds too. `with`: a line that names the kind, if it is one's.
void visit_keys_of_all_kinds(const Keys& keys, const std::string& with, const VisitKey& visit) {
  const auto path_of = [&keys](const KeyFacts& facts) { return join_path(keys.tree().path, facts.name); };
  for (const auto& item : keys.tree().items) {
    if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item))
      visit(path_of((*key)->facts()), (*key)->facts(), with);
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item))
      visit_keys_of_all_kinds((*section)->keys, with, visit);
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    visit(path_of((*choice)->key().facts()), (*choice)->key().facts(), with);
    for (const auto& kind : (*choice)->kinds().names()) {
      const auto line = fmt::format("with `{}: {}`:\n", path_of((*choice)->key().facts()), kind);
      visit_keys_of_all_kinds(*(*choice)->keys_of(kind), line, visit);
    }
  }
}

}  // namespace

void visit_known_keys(const Keys& keys, const std::function<void(const std::string& path, const KeyFacts&)>& visit) {
  visit_keys_of_all_kinds(
      keys, "", [&visit](const std::string& path, const KeyFacts& facts, const std::string&) { visit(path, facts); });
}

std::string reference(const Keys& keys, const std::string& section) {
  std::string text;
  if (section.empty()) {
    describe_section(keys, "", text);
    return text;
  }
  std::vector<std::string> paths;
  visit_sections(keys, [&](const Keys& found, const std::string& meaning) {
    paths.push_back(found.tree().path);
    if (found.tree().path == section) describe_section(found, meaning, text);
  });
  visit_keys_of_all_kinds(keys, "", [&](const std::string& path, const KeyFacts& facts, const std::string& with) {
    paths.push_back(path);
    if (path != section) return;
    text += with;
    describe_key(facts, with.empty() ? 0 : 4, text);
  });
  if (text.empty()) {
    const auto last =
        std::find_if(paths.begin(), paths.end(), [&](const auto& path) { return path.ends_with("." + section); });
    const std::string near = last != paths.end() ? *last : nearest(section, paths);
    throw UsageError(fmt::format("unknown section or key {}{}", quote(section),
                                 near.empty() ? "" : fmt::format("; the nearest is `{}`", near)),
                     "`seq2seq config reference` lists all of them");
  }
  return text[0] == '\n' ? text.substr(1) : text;
}

}  // namespace seq2seq::config
