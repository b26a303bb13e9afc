#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::vector<std::string> key_texts(const Keys& keys, size_t indent);
void describe_sections_below(const Keys& keys, std::string& text);

/// The kinds of a choice with their keys. What several kinds have in common is written once, before them.
std::string describe_choice(const Choice& choice, size_t indent) {
  const KeyFacts& facts = choice.key().facts();
  std::string text;
  describe_key(facts, indent, text);
  const auto kinds = choice.kinds().names();
  std::vector<std::vector<std::string>> of_kind;  // the text of each of its keys
  std::map<std::string, size_t> uses;
  for (const auto& kind : kinds) {
    for (const auto& key : of_kind.emplace_back(key_texts(*choice.keys_of(kind), indent + 4))) ++uses[key];
  }
  std::vector<std::string> without;  // kinds without keys
  for (size_t i = 0; i < kinds.size(); ++i)
    if (of_kind[i].empty()) without.push_back(fmt::format("`{}`", kinds[i]));
  const size_t with = kinds.size() - without.size();
  const auto common = [&](const std::string& key) { return with > 1 && uses.at(key) == with; };
  std::string shared;
  for (const auto& keys : of_kind) {
    if (!shared.empty()) break;
    for (const auto& key : keys)
      if (common(key)) shared += key;
  }
  if (!shared.empty()) {
    const auto except = without.empty() ? "" : fmt::format(" but {}", fmt::join(without, ", "));
    text += fmt::format("{:{}}with every kind{}:\n{}", "", indent, except, shared);
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    text += fmt::format("{:{}}with `{}: {}`: {}\n", "", indent, facts.name, kinds[i], choice.kinds().about(kinds[i]));
    for (const auto& key : of_kind[i])
      if (!common(key)) text += key;
  }
  return text;
}

/// The text of each key that stands in a section itself.
std::vector<std::string> key_texts(const Keys& keys, size_t indent) {
  std::vector<std::string> texts;
  for (const auto& item : keys.tree().items) {
    if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item))
      describe_key((*key)->facts(), indent, texts.emplace_back());
    if (const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item))
      texts.push_back(describe_choice(**choice, indent));
  }
  return texts;
}

/// Writes the keys first, then the sections below, each under its full path, so that no key stands far from its
/// section's name. A section that several kinds have in common is written once.
void describe_section(const Keys& keys, const std::string& meaning, std::string& text) {
  std::string own;
  if (!keys.tree().path.empty()) own += fmt::format("\n{}: {}\n", keys.tree().path, meaning);
  for (const auto& key : key_texts(keys, keys.tree().path.empty() ? 0 : 2)) own += key;
  if (text.find(own) == std::string::npos) text += own;
  describe_sections_below(keys, text);
}

void describe_sections_below(const Keys& keys, std::string& text) {
  for (const auto& item : keys.tree().items) {
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item))
      describe_section((*section)->keys, (*section)->meaning, text);
    const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
    if (choice == nullptr) continue;
    for (const auto& kind : (*choice)->kinds().names()) describe_sections_below(*(*choice)->keys_of(kind), text);
  }
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
