#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "seq2seq/config/scalar.h"
#include "seq2seq/core/registry.h"

namespace seq2seq::config {

/// Permission to change a key when a run is resumed.
enum class OnResume { fixed, may_change };

enum class KeyType { boolean, integer, number, text, path, list_of_numbers, list_of_text, list_of_paths };

/// All properties of one key, for the reader, the writer and the reference.
struct KeyFacts {
  std::string name, meaning, unit;
  std::string default_value;  // as YAML text, from `get`
  KeyType type = KeyType::text;
  std::optional<double> at_least, at_most, above, below;
  std::vector<std::string> one_of;
  bool is_unsigned = false;
  bool required = false;
  bool optional = false;  // true if `null` is a value
  OnResume on_resume = OnResume::fixed;
  std::function<std::string()> get;     // the value as YAML text
  std::function<std::string()> digest;  // the value for the digest; null: the key is not part of it
  std::function<int()> version;         // of the kind that the key selects; null: it selects none
  /// Sets a value that has been checked for type and bounds: one scalar text, the items of a list, or nothing for
  /// `null`.
  std::function<void(const std::vector<std::string>&)> set;
};

/// One key of a configuration. All its properties are declared here once; the reader, `--set`, `config reference`, the
/// resolved file, the digest and the comparison on resume use this declaration. Made by Keys::add, refined by the
/// chained setters.
class Key {
 public:
  using Type = KeyType;

  explicit Key(KeyFacts facts) : facts_(std::move(facts)) {}
  Key& unit(std::string unit) { return facts_.unit = std::move(unit), *this; }
  Key& at_least(double bound) { return facts_.at_least = bound, *this; }
  /// An infinite bound allows `.inf`.
  Key& at_most(double bound) { return facts_.at_most = bound, *this; }
  Key& above(double bound) { return facts_.above = bound, *this; }
  Key& below(double bound) { return facts_.below = bound, *this; }
  Key& one_of(std::vector<std::string> values) { return facts_.one_of = std::move(values), *this; }
  Key& required() { return facts_.required = true, *this; }
  Key& may_change_on_resume() { return facts_.on_resume = OnResume::may_change, *this; }
  /// Marks a key that cannot change a result: it is not part of the digest and may change on resume. Paths are such
  /// keys by default, because files are identified by content, not by path.
  Key& changes_no_result() { return facts_.digest = nullptr, may_change_on_resume(); }
  Key& digest(std::function<std::string()> value) { return facts_.digest = std::move(value), *this; }

  const KeyFacts& facts() const { return facts_; }

 private:
  KeyFacts facts_;
};

struct Tree;  // contents of Keys: tree.h

/// The keys of one section, in order of declaration, bound to the fields of an options struct that must outlive it.
///
///   void declare(config::Keys& keys, AdamOptions& options) {
///     keys.add("learning_rate", options.learning_rate, "step size").above(0).may_change_on_resume();
///     keys.rule("beta1", [&] { return options.beta1 < 1 ? "" : "must lie below 1"; });
///   }
class Keys {
 public:
  Keys();
  ~Keys();
  Keys(Keys&&) noexcept;

  /// T: bool, int64_t, uint64_t, double, std::string, std::filesystem::path, a std::vector of the last three (a single
  /// value is a list of one; bounds apply to each), or std::optional of any scalar (`null` or absence mean empty). The
  /// present value of the field is the default.
  template <class T>
  Key& add(std::string name, T& field, std::string meaning);

  /// Adds a path to a file; the digest includes the file's content instead of the path. For files that a part reads
  /// itself, such as a model. (The digest treats the texts of a run separately.)
  Key& add_file(std::string name, std::filesystem::path& field, std::string meaning);

  /// Adds an enumeration with the names of its values: {{"none", Reverse::none}, ...}.
  template <class Enum>
  Key& add(std::string name, Enum& field, const std::vector<std::pair<std::string, Enum>>& names, std::string meaning);

  /// Adds a section: calls `declare(keys, options)`, which is found by the type of `options`.
  template <class Options>
  void section(std::string name, Options& options, std::string meaning) {
    declare(add_section(std::move(name), std::move(meaning)), options);
  }

  /// Adds a section `{kind: NAME, ...}`; its other keys are the keys of the kind. `selection.kind` is the default kind.
  /// `kinds` must outlive it. Returns the key `kind`.
  Key& select(std::string name, Selection& selection, const Kinds& kinds, std::string meaning);

  /// As select(), without a section: the kind's keys are keys of this section, and `key` selects the kind:
  /// `architecture: rnn`.
  Key& select_here(std::string key, Selection& selection, const Kinds& kinds, std::string meaning);

  /// Adds a rule between keys of this section and below it, checked after they are read without errors. `wrong` returns
  /// an error message, or an empty string. The error has the place of `key` (a path below this section,
  /// `batch.sentences`).
  void rule(std::string key, std::function<std::string()> wrong);

  /// Removes a key or section, by its path below these keys, from configurations that cannot use it:
  /// `train.coverage_loss`. Does nothing if it does not exist.
  void leave_out(std::string_view path);

  /// Adds hints for words of other programs, shown when such a key or value is unknown: {{"lr", "it is
  /// `train.optimizer.learning_rate` here"}}. A word is a key's name, a key's path (`train.batch.size`), or a path and
  /// a value (`train.precision=fp16`). Call it on the keys of a whole configuration.
  void answer_words(std::map<std::string, std::string> answers);

  const Tree& tree() const { return *tree_; }
  Tree& tree() { return *tree_; }

 private:
  Key& bind(KeyFacts facts);
  Keys& add_section(std::string name, std::string meaning);

  std::unique_ptr<Tree> tree_;
};

namespace detail {

template <class T>
struct Plain {
  using type = T;
  static constexpr bool optional = false, list = false;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true, list = false;
};
template <class T>
struct Plain<std::vector<T>> {
  using type = T;
  static constexpr bool optional = false, list = true;
};

template <class T>
constexpr KeyType type_of(bool list) {
  if constexpr (std::is_same_v<T, bool>) return KeyType::boolean;
  if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, uint64_t>) return KeyType::integer;
  if constexpr (std::is_same_v<T, double>) return list ? KeyType::list_of_numbers : KeyType::number;
  if constexpr (std::is_same_v<T, std::string>) return list ? KeyType::list_of_text : KeyType::text;
  if constexpr (std::is_same_v<T, std::filesystem::path>) return list ? KeyType::list_of_paths : KeyType::path;
}

}  // namespace detail

template <class T>
Key& Keys::add(std::string name, T& field, std::string meaning) {
  using Shape = detail::Plain<T>;
  using Scalar = typename Shape::type;
  constexpr bool listed = std::is_same_v<Scalar, double> || std::is_same_v<Scalar, std::string> ||
                          std::is_same_v<Scalar, std::filesystem::path>;
  static_assert(listed || (!Shape::list && (std::is_same_v<Scalar, bool> || std::is_same_v<Scalar, int64_t> ||
                                            std::is_same_v<Scalar, uint64_t>)),
                "a key is a bool, int64_t, uint64_t, double, std::string or std::filesystem::path, an std::optional of "
                "one of these, or an std::vector of one of the last three; an enumeration needs its names");
  KeyFacts facts;
  facts.name = std::move(name);
  facts.meaning = std::move(meaning);
  facts.type = detail::type_of<Scalar>(Shape::list);
  facts.is_unsigned = std::is_same_v<Scalar, uint64_t>;
  facts.optional = Shape::optional;
  if constexpr (Shape::list) {
    facts.get = [&field] {
      std::vector<std::string> items;
      items.reserve(field.size());
      for (const auto& item : field) items.push_back(to_yaml(item));
      return yaml_list(items);
    };
    facts.set = [&field](const std::vector<std::string>& items) {
      field.clear();
      for (const auto& item : items) from_checked(item, field.emplace_back());
    };
  } else if constexpr (Shape::optional) {
    facts.get = [&field] { return field ? to_yaml(*field) : std::string("null"); };
    facts.set = [&field](const std::vector<std::string>& texts) {
      field.reset();
      if (!texts.empty()) from_checked(texts.front(), field.emplace());
    };
  } else {
    facts.get = [&field] { return to_yaml(field); };
    facts.set = [&field](const std::vector<std::string>& texts) { from_checked(texts.front(), field); };
  }
  return bind(std::move(facts));
}

template <class Enum>
Key& Keys::add(std::string name, Enum& field, const std::vector<std::pair<std::string, Enum>>& names,
               std::string meaning) {
  KeyFacts facts;
  facts.name = std::move(name);
  facts.meaning = std::move(meaning);
  for (const auto& [text, value] : names) facts.one_of.push_back(text);
  facts.get = [&field, names] {
    for (const auto& [text, value] : names) {
      if (value == field) return to_yaml(text);
    }
    return std::string("null");  // a value that the declaration does not name
  };
  facts.set = [&field, names](const std::vector<std::string>& texts) {
    for (const auto& [text, value] : names) {
      if (text == texts.front()) field = value;
    }
  };
  return bind(std::move(facts));
}

}  // namespace seq2seq::config
