#include "seq2seq/study/grid/section.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/config/scalar.h"
#include "seq2seq/core/text.h"

namespace seq2seq::study {

namespace {

using config::Given;

std::string yaml_of(const Given& given) {
  if (given.kind == Given::Kind::scalar) return given.quoted ? config::to_yaml(given.text) : given.text;
  std::vector<std::string> items;
  for (const auto& item : given.items) items.push_back(yaml_of(item));
  return given.kind == Given::Kind::nothing ? "null" : config::yaml_list(items);
}

void flatten(const Given& section, const std::string& prefix, const std::filesystem::path& folder, Settings& settings,
             config::Faults& faults) {
  for (const auto& entry : section.entries) {
    const auto key = prefix.empty() ? entry.name : prefix + "." + entry.name;
    if (entry.value.kind == Given::Kind::section) {
      flatten(entry.value, key, folder, settings, faults);
    } else if (key == "seed") {
      faults.add(entry.source, "`seed` cannot be set here; use `seeds` of the study or of a scale", "Remove it here");
    } else if (std::any_of(settings.begin(), settings.end(), [&key](const auto& other) { return other.key == key; })) {
      faults.add(entry.source, fmt::format("`{}` is set twice here", key), "Remove one of them");
    } else {
      settings.push_back(setting(key, entry.value, entry.source, folder));
    }
  }
}

/// `seeds: 2` could mean the seed 2 or two seeds.
std::string advice_on_seeds(const Given& given) {
  const std::string& text = given.text;
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return "Write them as in `[1, 2, 3]`";
  const auto number = std::stoull(text);
  if (number < 2) return fmt::format("Write `[{}]` for the seed {}", number, number);
  const std::string list = number < 4 ? (number == 2 ? "[1, 2]" : "[1, 2, 3]") : fmt::format("[1, ..., {}]", number);
  return fmt::format("Write `[{}]` for the seed {}, or `{}` for {} seeds", number, number, list, number);
}

}  // namespace

config::Override setting(const std::string& key, const Given& value, const config::Source& source,
                         const std::filesystem::path& folder) {
  return {to_string(source.place), key, yaml_of(value), folder};
}

Settings settings_of(const Given& section, const std::filesystem::path& folder, config::Faults& faults) {
  Settings settings;
  if (section.kind == Given::Kind::section) {
    flatten(section, "", folder, settings, faults);
  } else if (section.kind != Given::Kind::nothing) {
    faults.add(section.source, fmt::format("expected keys of a configuration with their values, as in `{{data.reverse: "
                                           "none}}`, found {}",
                                           describe(section)));
  }
  return settings;
}

SpecSection::SpecSection(const Given& given, std::string path, const std::filesystem::path& folder,
                         config::Faults& faults)
    : given_(given), path_(std::move(path)), folder_(folder), faults_(faults) {
  if (given.kind == Given::Kind::section || given.kind == Given::Kind::nothing) return;
  faults.add(given.source, fmt::format("`{}` is a section: expected keys below it, found {}", path_, describe(given)));
}

const Given::Entry* SpecSection::find(const std::string& name) const {
  for (const auto& entry : given_.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool SpecSection::has(const std::string& name) const { return find(name) != nullptr; }

const Given* SpecSection::take(const std::string& name) {
  if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) asked_.push_back(name);
  const auto* entry = find(name);
  return entry == nullptr ? nullptr : &entry->value;
}

config::Source SpecSection::place_of(const std::string& name) const {
  const auto* entry = find(name);
  return entry == nullptr ? given_.source : entry->value.source;
}

std::string SpecSection::name_of(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }

void SpecSection::fault(const config::Source& source, const std::string& problem, const std::string& remedy) {
  faults_.add(source, problem, remedy);
}

void SpecSection::missing(const std::string& name, const std::string& meaning) {
  fault(given_.source, fmt::format("missing key `{}` ({})", name_of(name), meaning));
}

std::vector<std::string> SpecSection::checked(const std::string& name, const Given& given, config::KeyType type,
                                              bool is_unsigned) {
  config::KeyFacts facts;
  facts.name = name;
  facts.type = type;
  facts.is_unsigned = is_unsigned;
  auto checked = config::check(facts, given, {folder_});
  if (!checked.problem.empty()) fault(given.source, fmt::format("`{}`: {}", name_of(name), checked.problem));
  return std::move(checked.texts);
}

std::optional<std::string> SpecSection::text(const std::string& name) {
  const auto* given = take(name);
  if (given == nullptr) return std::nullopt;
  const auto texts = checked(name, *given, config::KeyType::text);
  return texts.empty() ? std::string() : texts.front();
}

std::string SpecSection::required_text(const std::string& name) {
  const auto found = text(name);
  if (!found) missing(name, "a string");
  return found.value_or("");
}

std::optional<std::filesystem::path> SpecSection::path(const std::string& name) {
  const auto* given = take(name);
  if (given == nullptr) return std::nullopt;
  const auto texts = checked(name, *given, config::KeyType::path);
  return texts.empty() ? std::filesystem::path() : std::filesystem::path(texts.front());
}

std::vector<std::string> SpecSection::texts(const std::string& name) {
  const auto* given = take(name);
  if (given == nullptr) return {};
  return checked(name, *given, config::KeyType::list_of_text);
}

std::optional<std::vector<uint64_t>> SpecSection::seeds(const std::string& name) {
  const auto* given = take(name);
  if (given == nullptr) return std::nullopt;
  std::vector<uint64_t> seeds;
  if (given->kind != Given::Kind::list) {
    fault(given->source, fmt::format("`{}` is a list of seeds, found {}", name_of(name), describe(*given)),
          advice_on_seeds(*given));
    return seeds;
  }
  for (const auto& item : given->items) {
    const auto texts = checked(name, item, config::KeyType::integer, /*is_unsigned=*/true);
    if (texts.empty()) continue;
    config::from_checked(texts.front(), seeds.emplace_back());
    if (std::count(seeds.begin(), seeds.end(), seeds.back()) > 1) {
      fault(item.source, fmt::format("`{}` has the seed {} twice", name_of(name), seeds.back()));
    }
  }
  if (seeds.empty()) fault(given->source, fmt::format("`{}` is empty", name_of(name)));
  return seeds;
}

std::map<std::string, double> SpecSection::numbers(const std::string& name) {
  std::map<std::string, double> numbers;
  const auto* given = take(name);
  if (given == nullptr) return numbers;
  SpecSection inner(*given, name_of(name), folder_, faults_);
  for (const auto& entry : given->entries) {
    const auto texts = inner.checked(entry.name, entry.value, config::KeyType::number);
    if (!texts.empty()) config::from_checked(texts.front(), numbers[entry.name]);
  }
  return numbers;
}

Settings SpecSection::settings(const std::string& name) {
  const auto* given = take(name);
  return given == nullptr ? Settings() : settings_of(*given, folder_, faults_);
}

void SpecSection::refuse_others() {
  for (const auto& entry : given_.entries) {
    if (std::find(asked_.begin(), asked_.end(), entry.name) != asked_.end()) continue;
    const auto near = config::nearest(entry.name, asked_);
    fault(entry.source,
          fmt::format("unknown key {}{}", quote(name_of(entry.name)),
                      near.empty() ? "" : fmt::format("; did you mean `{}`?", name_of(near))),
          fmt::format("Known are `{}`", fmt::join(asked_, "`, `")));
  }
}

}  // namespace seq2seq::study
