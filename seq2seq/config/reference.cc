#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/check.h"
#include "seq2seq/config/hints.h"
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
    line += "; identified by content, not by path";
  } else if (!facts.digest) {
    line += "; changes no result";
  } else if (facts.on_resume == OnResume::may_change) {
    line += "; may change on resume";
  }
  text += fmt::format("{}\n{:{}}{}\n", line, "", indent + 4, facts.meaning);
}

std::vector<std::string> key_texts(const Keys& keys, size_t indent);

/// Describes the kinds of a choice with their keys. Keys that several kinds have are described once, before them.
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
    const auto except = without.empty() ? "" : fmt::format(" except {}", fmt::join(without, ", "));
    text += fmt::format("{:{}}with every kind{}:\n{}", "", indent, except, shared);
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    text += fmt::format("{:{}}with `{}: {}`: {}\n", "", indent, facts.name, kinds[i], choice.kinds().about(kinds[i]));
    for (const auto& key : of_kind[i])
      if (!common(key)) text += key;
  }
  return text;
}

/// Returns the text of each key directly in a section.
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

/// The text of a section, and the kinds that have it.
struct SectionText {
  std::string path, meaning, keys;
  std::vector<std::string> with;  // `model.architecture: rnn`; empty: always present
  bool operator==(const SectionText&) const = default;
};

std::vector<SectionText> sections_below(const Keys& keys);

/// Lists `key: kind` for these kinds, or "any except" the other kinds if those are fewer.
std::string named(const std::string& key, const std::vector<std::string>& those, const std::vector<std::string>& all) {
  if (2 * those.size() <= all.size()) return fmt::format("`{}: {}`", key, fmt::join(those, "` or `"));
  std::vector<std::string> others;
  for (const auto& kind : all)
    if (std::find(those.begin(), those.end(), kind) == those.end()) others.push_back(kind);
  return fmt::format("any `{}` except `{}`", key, fmt::join(others, "` and `"));
}

/// Returns the sections of a choice's kinds. A section of every kind is written once; a section of only some kinds
/// names them.
std::vector<SectionText> sections_of_kinds(const Choice& choice, const std::string& path) {
  const auto kinds = choice.kinds().names();
  std::vector<std::pair<SectionText, std::vector<std::string>>> found;  // a section, and the kinds that have it
  for (const auto& kind : kinds) {
    for (auto& section : sections_below(*choice.keys_of(kind))) {
      const auto same = [&section](const auto& other) { return other.first == section; };
      auto known = std::find_if(found.begin(), found.end(), same);
      if (known == found.end()) known = found.insert(found.end(), {std::move(section), {}});
      known->second.push_back(kind);
    }
  }
  std::vector<SectionText> sections;
  for (auto& [section, having] : found) {
    if (having.size() < kinds.size())
      section.with.insert(section.with.begin(), named(join_path(path, choice.key().facts().name), having, kinds));
    sections.push_back(std::move(section));
  }
  return sections;
}

/// Returns the section and all sections below it, each under its full path, so that every key is near its section's
/// name; first the section's keys, then those below.
std::vector<SectionText> section_and_below(const Keys& keys, const std::string& meaning) {
  SectionText section{.path = keys.tree().path, .meaning = meaning, .keys = {}, .with = {}};
  for (const auto& key : key_texts(keys, section.path.empty() ? 0 : 2)) section.keys += key;
  std::vector<SectionText> all{std::move(section)};
  for (auto& below : sections_below(keys)) all.push_back(std::move(below));
  return all;
}

std::vector<SectionText> sections_below(const Keys& keys) {
  std::vector<SectionText> all;
  const auto add = [&all](std::vector<SectionText> sections) {
    for (auto& section : sections) all.push_back(std::move(section));
  };
  for (const auto& item : keys.tree().items) {
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item))
      add(section_and_below((*section)->keys, (*section)->meaning));
    if (const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item))
      add(sections_of_kinds(**choice, keys.tree().path));
  }
  return all;
}

std::string printed(const SectionText& section) {
  if (section.path.empty()) return section.keys;
  const auto with = section.with.empty() ? "" : fmt::format(" (with {})", fmt::join(section.with, ", "));
  return fmt::format("\n{}: {}{}\n{}", section.path, section.meaning, with, section.keys);
}

using VisitKey = std::function<void(const std::string& path, const KeyFacts&, const std::string& with)>;

/// Visits every key with its path, including keys of all kinds. `with`: a line that names the kind, for a key of a
/// kind.
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
  std::vector<std::string> paths;
  for (const auto& found : section_and_below(keys, "")) {
    paths.push_back(found.path);
    if (section.empty() || found.path == section || found.path.starts_with(section + ".")) text += printed(found);
  }
  if (section.empty()) return text;
  visit_keys_of_all_kinds(keys, "", [&](const std::string& path, const KeyFacts& facts, const std::string& with) {
    paths.push_back(path);
    if (path != section) return;
    text += with;
    describe_key(facts, with.empty() ? 0 : 4, text);
  });
  if (text.empty()) {
    if (const auto answer = answer_to_key(keys, section); !answer.empty())
      throw UsageError(fmt::format("unknown section or key {}; {}", quote(section), answer));
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
