#include "seq2seq/config/given.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "seq2seq/config/documents.h"
#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

// Limits for a configuration written by a person. A larger or deeper file is something else, or made to exhaust memory:
// nested aliases grow without bound.
constexpr size_t largest_bytes = size_t{1} << 20;
constexpr size_t largest_values = 100000;
constexpr size_t largest_text = size_t{4} << 20;  // bytes of all values, with aliases expanded
constexpr size_t largest_section = 1000;          // keys
constexpr int deepest = 32;
constexpr size_t most_faults = 100;  // more would not be read

Place place_of(const std::string& name, const YAML::Mark& mark) {
  if (mark.is_null()) return {.file = name};
  return {.file = name, .line = mark.line + 1, .column = mark.column + 1};
}

Given nothing_at(const Source& source) {
  Given given;
  given.source = source;
  return given;
}

/// Converts yaml-cpp's nodes to values with places.
class Converter {
 public:
  Converter(const std::string& name, int option, Faults& faults) : name_(name), option_(option), faults_(faults) {}

  Given convert(const YAML::Node& node, const Source& source, int depth) {
    Given given = nothing_at(source);
    if (given_up_) return given;
    if (depth > deepest || ++values_ > largest_values) {
      given_up_ = given.faulty = true;
      faults_.add(source, depth > deepest
                              ? fmt::format("sections and lists are nested more than {} levels deep", deepest)
                              : "more than 100,000 values, too many for a configuration");
      return given;
    }
    given.faulty = !check_tag(node, source);
    if (node.IsScalar()) {
      given.kind = Given::Kind::scalar;
      text_bytes_ += node.Scalar().size();
      if (text_bytes_ > largest_text)
        return give_up(source, "values of more than 4 MiB, too large for a configuration");
      given.text = node.Scalar();
      given.quoted = node.Tag() == "!";
    } else if (node.IsSequence()) {
      given.kind = Given::Kind::list;
      for (const auto& item : node) given.items.push_back(convert(item, at(item, source), depth + 1));
    } else if (node.IsMap()) {
      given.kind = Given::Kind::section;
      for (const auto& entry : node) add_entry(given, entry.first, entry.second, depth);
    }
    return given;
  }

  /// Returns true if reading stopped: later errors would be unreliable.
  bool gave_up() const { return given_up_; }

  Source at(const YAML::Node& node, const Source& otherwise) const {
    if (option_ >= 0 || node.Mark().is_null()) return otherwise;
    return {place_of(name_, node.Mark()), option_};
  }

 private:
  Given give_up(const Source& source, const std::string& problem) {
    given_up_ = true;
    faults_.add(source, problem);
    return nothing_at(source);
  }

  void add_entry(Given& section, const YAML::Node& key, const YAML::Node& value, int depth) {
    const Source source = at(key, section.source);
    if (!key.IsScalar()) {
      section.faulty = true;
      faults_.add(source, "the name of a key must be a plain word");
      return;
    }
    const auto& entries = section.entries;
    if (given_up_) return;
    if (!entries.empty() && value.IsNull() && join_at_comma(section.entries.back().value, key.Scalar())) return;
    if (entries.size() == largest_section) {
      give_up(source, "a section has more than 1,000 keys, too many for a configuration");
      return;
    }
    const auto first =
        std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == key.Scalar(); });
    if (first != entries.end()) {
      section.faulty = true;
      faults_.add(source,
                  fmt::format("duplicate key {}; first on line {}", quote(key.Scalar()), first->source.place.line));
      return;
    }
    // An empty value has no place of its own; use the place of its key.
    const Source value_source = value.IsNull() ? source : at(value, source);
    Given converted = convert(value, value_source, depth + 1);
    section.entries.push_back({key.Scalar(), source, std::move(converted)});
  }

  /// Joins `0` and the key `001` after it again: a decimal comma between braces. Returns false if they are not such a
  /// pair.
  static bool join_at_comma(Given& value, const std::string& rest) {
    const auto starts_with_digit = [](const std::string& text) {
      return !text.empty() && text[0] >= '0' && text[0] <= '9';
    };
    const auto sign = value.text.find_first_not_of("+-");
    const bool number =
        value.kind == Given::Kind::scalar && !value.quoted && sign <= 1 &&
        value.text.find_first_not_of(value.cut_at_comma ? "0123456789," : "0123456789", sign) == std::string::npos;
    if (!number || !starts_with_digit(rest)) return false;
    value.text += "," + rest;
    return value.cut_at_comma = true;
  }

  bool check_tag(const YAML::Node& node, const Source& source) {
    const std::string& tag = node.Tag();
    if (tag.empty() || tag == "?" || tag == "!") return true;
    faults_.add(source, fmt::format("tags such as {} are not supported", quote(tag)),
                "Write the value without the tag");
    return false;
  }

  const std::string& name_;
  int option_;
  Faults& faults_;
  size_t values_ = 0;
  size_t text_bytes_ = 0;
  bool given_up_ = false;
};

/// Returns advice about a tab in this line or the one before, because YAML does not accept tabs as indentation; empty
/// if there is none.
std::string tab_before(const std::string& text, int64_t line) {
  const auto lines = split(text, '\n');
  for (int64_t number = line; number >= std::max<int64_t>(1, line - 1); --number) {
    if (number > std::ssize(lines)) continue;
    const auto tab = lines[static_cast<size_t>(number - 1)].find('\t');
    if (tab != std::string_view::npos)
      return fmt::format("Line {}, column {} has a tab; YAML allows only spaces for indentation", number, tab + 1);
  }
  return {};
}

/// Returns the documents of a text; no value, and an error, if it is not YAML. `begin`: place where the text starts.
std::optional<Documents> load(const std::string& text, const Source& begin, Faults& faults,
                              const std::string& remedy = {}) {
  Source source = begin;
  const bool in_file = source.option < 0;
  if (const auto fault = find_text_fault(text)) {
    const auto lines = split(std::string_view(text).substr(0, fault->offset), '\n');
    if (in_file) source.place.line = static_cast<int64_t>(lines.size());
    if (in_file) source.place.column = static_cast<int64_t>(count_characters(lines.back())) + 1;
    faults.add(source, fault->problem);
    return std::nullopt;
  }
  try {
    return read_documents(text);
  } catch (const YAML::Exception& exception) {
    if (in_file) source.place = place_of(begin.place.file, exception.mark);
    const auto tab = in_file ? tab_before(text, source.place.line) : std::string();
    faults.add(source, "not valid YAML: " + exception.msg, tab.empty() ? remedy : tab);
    return std::nullopt;
  }
}

std::optional<Given> parse_override_value(const Override& override, const Source& source, Faults& faults) {
  const auto documents = load(override.value, source, faults, "Quote the value: key='\"value\"'");
  if (!documents) return std::nullopt;
  if (!documents->first) return nothing_at(source);
  Given given = Converter(override.option, source.option, faults).convert(*documents->first, source, 1);
  // YAML would treat text after ` #` as a comment, which is not meant on a command line.
  if (given.kind == Given::Kind::scalar && !given.quoted) {
    const size_t start = override.value.find_first_not_of(" \t");
    const size_t end = override.value.find_last_not_of(" \t");
    given.text = override.value.substr(start, end - start + 1);
  }
  return given;
}

void put(Given& section, const std::vector<std::string_view>& path, size_t depth, Given value) {
  const std::string name(path[depth]);
  const bool last = depth + 1 == path.size();
  auto& entries = section.entries;
  auto entry = std::find_if(entries.begin(), entries.end(), [&](const Given::Entry& one) {
    return one.name == name &&
           (last || one.value.kind == Given::Kind::section || one.value.kind == Given::Kind::nothing);
  });
  if (entry ==
      entries
          .end()) {  // also if the file has a plain value for a section: both stay, and the file's is reported as wrong
    Given::Entry added{name, value.source, nothing_at(value.source)};
    entries.push_back(std::move(added));
    entry = std::prev(entries.end());
  }
  if (!last) {
    entry->value.kind = Given::Kind::section;
    put(entry->value, path, depth + 1, std::move(value));
    return;
  }
  if (entry->source.option < 0 && entry->value.kind == Given::Kind::scalar) entry->in_file = entry->value.text;
  entry->source = value.source;
  entry->value = std::move(value);
}

}  // namespace

void Faults::add(const Source& source, const std::string& problem, const std::string& remedy) {
  faults_.push_back({source, Error(source.place, problem, remedy)});
}

bool Faults::enough() const { return faults_.size() > most_faults; }

void Faults::throw_if_any() {
  if (faults_.empty()) return;
  const auto order = [](const Fault& fault) {
    const auto& [place, option] = fault.source;
    constexpr auto last = std::numeric_limits<int64_t>::max();
    return std::make_tuple(option, place.line > 0 ? place.line : last, place.column);
  };
  std::stable_sort(faults_.begin(), faults_.end(), [&](const Fault& a, const Fault& b) { return order(a) < order(b); });
  std::vector<Error> errors;
  for (const auto& fault : faults_) errors.push_back(fault.error);
  if (errors.size() > most_faults) {
    errors.resize(most_faults, errors.front());
    errors.push_back(Error(faults_.back().source.place, "too many errors; fix these first to see the others"));
  }
  throw UsageError(errors);
}

std::optional<Given> parse_yaml(const std::string& text, const std::string& name, Faults& faults) {
  const Source begin{{.file = name}};
  if (text.size() > largest_bytes) {
    faults.add(begin, "is larger than 1 MiB, too large for a configuration");
    return std::nullopt;
  }
  const auto documents = load(text, begin, faults);
  if (!documents) return std::nullopt;
  if (!documents->first) return nothing_at(begin);
  const YAML::Node& first = *documents->first;
  Converter converter(name, begin.option, faults);
  if (documents->second) {
    faults.add({place_of(name, *documents->second)}, "a second document starts here",
               "Only one is allowed: remove the line `---`, or everything after it");
  }
  Given root = converter.convert(first, converter.at(first, begin), 0);
  if (converter.gave_up()) return std::nullopt;
  if (root.kind == Given::Kind::scalar || root.kind == Given::Kind::list) {
    faults.add(root.source, fmt::format("expected keys with values, as in `seed: 1`, found {}", describe(root)));
    return std::nullopt;
  }
  root.source = begin;
  return root;
}

void apply(const std::vector<Override>& overrides, Given& root, Faults& faults) {
  for (size_t i = 0; i < overrides.size(); ++i) {
    const Source source{{.part = overrides[i].option}, static_cast<int>(i)};
    const auto path = split(overrides[i].key, '.');
    if (path.size() > deepest) {
      faults.add(source, fmt::format("unknown key {}", quote(overrides[i].key)));
      root.faulty = true;
      continue;
    }
    root.kind = Given::Kind::section;
    if (auto value = parse_override_value(overrides[i], source, faults)) {
      put(root, path, 0, std::move(*value));
    } else {
      root.faulty = true;
    }
  }
}

std::string describe(const Given& given) {
  switch (given.kind) {
    case Given::Kind::nothing:
      return "nothing";
    case Given::Kind::list:
      return "a list";
    case Given::Kind::section:
      return "a section";
    case Given::Kind::scalar:
      break;
  }
  return quote(given.quoted ? '"' + given.text + '"' : given.text);
}

}  // namespace seq2seq::config
