#include "seq2seq/config/reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/another_kind.h"
#include "seq2seq/config/check.h"
#include "seq2seq/config/given.h"
#include "seq2seq/config/hints.h"
#include "seq2seq/config/nearest.h"
#include "seq2seq/config/tree.h"
#include "seq2seq/config/yaml_file.h"
#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string lists_them(const std::string& section) {
  return fmt::format("`seq2seq config reference{}{}` lists them all", section.empty() ? "" : " ", section);
}

const Given::Entry* find_entry(const Given& section, const std::string& name) {
  for (const auto& entry : section.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

class Reader {
 public:
  Reader(Keys& all, BaseFolder base, const std::vector<Override>& overrides, Faults& faults, const std::string& section)
      : all_(all), base_(std::move(base)), overrides_(overrides), faults_(faults), section_(section) {}

  /// `source`: the start of the section, where missing keys are reported.
  void read(Keys& keys, const Given& given, const Source& source) {
    const size_t faults_before = faults_.size();
    places_[keys.tree().path] = source;
    choose_kinds(keys, given);
    for (const auto& entry : given.entries) read_entry(keys, entry);
    find_missing(keys, given, source);
    if (given.faulty || faults_.size() > faults_before) faulty_.insert(keys.tree().path);
  }

  /// Checks the rules. A rule reads keys of its section and below. If one of them is wrong, the rule would check its
  /// default instead, so it is skipped; errors elsewhere do not matter.
  void ask_rules(const Keys& keys) {
    for (const auto& rule : keys.tree().rules) {
      if (faulty_at_or_below(keys.tree().path)) break;
      const std::string path = join_path(keys.tree().path, rule.key);
      if (!is_needed(path)) continue;
      const std::string wrong = rule.wrong();
      if (!wrong.empty()) add_broken_rule(path, wrong);
    }
    for (const auto& item : keys.tree().items) {
      if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item)) ask_rules((*section)->keys);
      if (const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item)) ask_rules((*choice)->keys());
    }
  }

 private:
  /// Reads the key before all others, because it determines which other keys exist.
  void choose_kinds(Keys& keys, const Given& given) {
    for (auto& item : keys.tree().items) {
      const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item);
      if (choice == nullptr) continue;
      const KeyFacts& facts = (*choice)->key().facts();
      const auto* entry = find_entry(given, facts.name);
      if (entry == nullptr) continue;
      const std::string before = entry->in_file.value_or((*choice)->chosen());
      const size_t faults_before = faults_.size();
      set(facts, join_path(keys.tree().path, facts.name), *entry);
      const bool unknown = faults_.size() > faults_before;
      if (unknown) undecided_.push_back(choice->get());
      if (!unknown && entry->source.option >= 0 && before != (*choice)->chosen()) pass_over_[choice->get()] = before;
    }
  }

  void read_entry(Keys& keys, const Given::Entry& entry) {
    if (faults_.enough()) return;
    for (auto& item : keys.tree().items) {
      if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item)) {
        if ((*key)->facts().name == entry.name)
          return set((*key)->facts(), join_path(keys.tree().path, entry.name), entry);
      } else if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item)) {
        if ((*section)->name == entry.name) return read_section((*section)->keys, entry);
      } else if (const auto& choice = std::get<std::unique_ptr<Choice>>(item);
                 choice->key().facts().name == entry.name) {
        return;  // already read
      } else if (contains(names(choice->keys()), entry.name)) {
        return read_entry(choice->keys(), entry);
      }
    }
    unknown(keys, entry);
  }

  void read_section(Keys& keys, const Given::Entry& entry) {
    const auto kind = entry.value.kind;
    if (kind == Given::Kind::section || kind == Given::Kind::nothing) return read(keys, entry.value, entry.source);
    places_[keys.tree().path] = entry.source;
    faulty_.insert(keys.tree().path);
    const auto known = names(keys);
    const std::string example =
        known.empty() ? "" : fmt::format(", `{}` for one", join_path(keys.tree().path, known.front()));
    const std::string meant = kind_meant(keys, entry.value);
    if (!meant.empty())
      return faults_.add(entry.value.source, fmt::format("`{}` is a section: write `{}`", keys.tree().path, meant));
    faults_.add(entry.value.source, fmt::format("`{}` is a section: expected keys below it{}, found {}",
                                                keys.tree().path, example, describe(entry.value)));
  }

  void set(const KeyFacts& facts, const std::string& path, const Given::Entry& entry) {
    places_[path] = entry.source;
    if (entry.value.faulty) faulty_.insert(path);
    const Checked checked = check(facts, entry.value, base_of(entry.value.source));
    if (checked.problem.empty()) return facts.set(checked.texts);
    std::string hint = answer_to_value(all_, path, entry.value.text);
    if (hint.empty() && !checked.nearest.empty()) hint = fmt::format("the nearest is `{}`", checked.nearest);
    faults_.add(entry.value.source, fmt::format("`{}`: {}{}{}", path, checked.problem, hint.empty() ? "" : "; ", hint));
  }

  BaseFolder base_of(const Source& source) const {
    if (source.option < 0) return base_;
    const auto& own = overrides_[static_cast<size_t>(source.option)].folder;
    std::error_code gone;  // a deleted working directory: a relative path stays relative and is not found
    return {own.empty() ? std::filesystem::current_path(gone) : own};
  }

  void unknown(const Keys& keys, const Given::Entry& entry) {
    const std::string& section = keys.tree().path;
    if (belongs_to_another_kind(section, entry)) return;
    const std::string path = join_path(section, entry.name), name = quote(path);
    if (const auto answer = answer_to_key(all_, path); !answer.empty())
      return faults_.add(entry.source, fmt::format("unknown key {}; {}", name, answer));
    const std::string near = nearest(entry.name, names(keys));
    // It may be in the wrong section.
    const std::string elsewhere = near.empty() ? find_elsewhere(all_, entry.name) : "";
    std::string problem = "unknown key " + name;
    if (!near.empty()) problem += fmt::format("; did you mean `{}`?", join_path(section, near));
    if (!elsewhere.empty()) problem += fmt::format("; did you mean `{}`?", elsewhere);
    faults_.add(entry.source, problem, lists_them(section));
  }

  bool belongs_to_another_kind(const std::string& section, const Given::Entry& entry) {
    const std::string path = join_path(section, entry.name);
    const auto found = find_another_kind(all_, path);
    if (found.kinds.empty()) return false;
    if (is_undecided(*found.choice)) return true;
    // An override that changes the kind drops the file's keys of the old kind.
    const auto passed_over = pass_over_.find(found.choice);
    if (passed_over != pass_over_.end() && entry.source.option < 0 && contains(found.kinds, passed_over->second))
      return true;
    const std::string& name = found.choice->key().facts().name;
    const bool beside = join_path(section, name) == found.key;
    const std::string key = beside ? name : found.key;
    const auto problem =
        fmt::format("`{}` is a key of kind{} `{}`, but `{}` is `{}`", beside ? entry.name : path,
                    found.kinds.size() == 1 ? "" : "s", fmt::join(found.kinds, "`, `"), key, found.choice->chosen());
    const auto answer = answer_to_path(all_, path);
    faults_.add(entry.source, answer.empty() ? problem : problem + "; " + answer,
                answer.empty() ? fmt::format("Remove it, or change `{}`", key) : "");
    return true;
  }

  bool is_undecided(const Choice& choice) const {
    return std::find(undecided_.begin(), undecided_.end(), &choice) != undecided_.end();
  }

  void find_missing(Keys& keys, const Given& given, const Source& source) {
    for (auto& item : keys.tree().items) {
      if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item)) {
        find_missing_key(keys, (*key)->facts(), given, source);
      } else if (auto* section = std::get_if<std::unique_ptr<Section>>(&item)) {
        if (find_entry(given, (*section)->name) != nullptr) continue;
        if (faults_.size() > 0) faulty_.insert((*section)->keys.tree().path);  // it may be misspelled
        read((*section)->keys, {}, source);
      } else {
        auto& choice = std::get<std::unique_ptr<Choice>>(item);
        find_missing_key(keys, choice->key().facts(), given, source);
        if (!is_undecided(*choice)) find_missing(choice->keys(), given, source);
      }
    }
  }

  void find_missing_key(const Keys& keys, const KeyFacts& facts, const Given& given, const Source& source) {
    const auto path = join_path(keys.tree().path, facts.name);
    if (!facts.required || find_entry(given, facts.name) != nullptr || !is_needed(path)) return;
    faults_.add(source, fmt::format("missing key `{}` ({})", path, facts.meaning));
  }

  bool is_needed(const std::string& path) const { return section_.empty() || path.starts_with(section_ + "."); }

  bool faulty_at_or_below(const std::string& section) const {
    return std::any_of(faulty_.begin(), faulty_.end(), [&section](const std::string& path) {
      return section.empty() || path == section || path.starts_with(section + ".");
    });
  }

  Source nearest_source(std::string path) const {
    for (;;) {
      const auto found = places_.find(path);
      if (found != places_.end()) return found->second;
      const size_t dot = path.rfind('.');
      path = dot == std::string::npos ? "" : path.substr(0, dot);
    }
  }

  /// Reports a broken rule at the key, or at the option that broke it, with the place of the key in the file, if any.
  void add_broken_rule(const std::string& path, const std::string& wrong) {
    const auto source = nearest_source(path);
    const auto* culprit = source.option < 0 ? named_override(path, wrong) : nullptr;
    if (culprit == nullptr) return faults_.add(source, fmt::format("`{}`: {}", path, wrong));
    const auto file = places_.contains(path) ? fmt::format(" ({})", to_string(source.place)) : "";
    faults_.add({{.part = culprit->option}, static_cast<int>(culprit - overrides_.data())},
                fmt::format("`{}`{}: {}", path, file, wrong));
  }

  /// Returns the last override of a key, or of a section around a key, that the fault of a rule for `path` names, by
  /// its full path or relative to the section of `path`; null if there is none.
  const Override* named_override(const std::string& path, const std::string& wrong) const {
    const auto section = path.substr(0, path.rfind('.') + 1);
    const auto names = [&wrong](const std::string& key) {
      return wrong.find("`" + key + "`") != wrong.npos || wrong.find("`" + key + ".") != wrong.npos;
    };
    for (auto each = overrides_.rbegin(); each != overrides_.rend(); ++each) {
      const auto& key = each->key;
      if (names(key) || (key.starts_with(section) && names(key.substr(section.size())))) return &*each;
    }
    return nullptr;
  }

  Keys& all_;
  BaseFolder base_;
  const std::vector<Override>& overrides_;
  Faults& faults_;
  const std::string& section_;                      // the only one that is needed; empty: all
  std::map<std::string, Source> places_;            // of keys and sections, by path; the file itself at ""
  std::set<std::string> faulty_;                    // paths with an error
  std::vector<const Choice*> undecided_;            // with an unknown kind: their other keys cannot be checked
  std::map<const Choice*, std::string> pass_over_;  // with a kind changed by an override, and the previous kind
};

}  // namespace

Override parse_override(const std::string& typed) {
  const size_t equals = typed.find('=');
  const std::string key = typed.substr(0, equals);
  const auto parts = split(key, '.');
  const bool incomplete = std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); });
  if (equals == std::string::npos || incomplete) {
    throw UsageError(Place{.part = "--set " + typed}, "expected a key and a value, as in `--set train.epochs=3`");
  }
  return {"--set " + typed, key, typed.substr(equals + 1)};
}

void read_file(const std::filesystem::path& file, const std::vector<Override>& overrides, Keys& keys,
               const ReadScope& scope) {
  read_text(read_yaml_file(file), file.string(), std::filesystem::absolute(file).parent_path(), overrides, keys, scope);
}

void read_text(const std::string& text, const std::string& name, const std::filesystem::path& folder,
               const std::vector<Override>& overrides, Keys& keys, const ReadScope& scope) {
  Faults faults;
  if (auto root = parse_yaml(text, name, faults)) {
    apply(overrides, *root, faults);
    Reader reader(keys, {std::filesystem::absolute(folder), scope.former_folder}, overrides, faults, scope.section);
    reader.read(keys, *root, {{.file = name}});
    if (scope.rules) reader.ask_rules(keys);
  }
  faults.throw_if_any();
}

}  // namespace seq2seq::config
