#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "seq2seq/core/any_options.h"
#include "seq2seq/core/error.h"

namespace seq2seq {

namespace config {
class Keys;
}

/// Options of one kind, of any type; `declare` declares their keys (see config/keys.h).
struct KindOptions {
  AnyOptions value;
  std::function<void(config::Keys&)> declare;  // binds the keys to `value`, which must outlive them
};

/// Options of registering a kind, besides its name and description.
template <class Options>
struct KindInfo {
  /// Increase it by hand if the kind computes something different with the same options. Part of the digest of every
  /// run that selects the kind, so that older runs and records no longer match. Version 1 adds nothing to the digest.
  int version = 1;
  Options defaults{};
};

/// Describes the entries of a registry without making one, for configuration and help.
class Kinds {
 public:
  virtual ~Kinds() = default;
  virtual std::vector<std::string> names() const = 0;            // in order of registration
  virtual std::string about(const std::string& name) const = 0;  // one line: description and paper
  virtual int version(const std::string& name) const = 0;        // see KindInfo
  /// Returns new options of a kind: a copy of `held`, or the kind's defaults if `held` is empty. Throws Error if `held`
  /// are options of another kind.
  virtual KindOptions options(const std::string& name, const AnyOptions& held = {}) const = 0;
};

/// A configuration's choice among the entries of a registry: `{kind: halve, from_epoch: 5}`.
struct Selection {
  std::string kind;
  AnyOptions options;  // of the kind's own Options type; empty: that kind's defaults
};

/// Factories of `Product`, by name. An entry is a class T with `T::Options`, a function `declare(config::Keys&,
/// T::Options&)` and a constructor `T(const T::Options&, Arguments...)`. `main` makes the registries and passes them
/// down; nothing registers itself.
template <class Product, class... Arguments>
class Registry final : public Kinds {
 public:
  /// Adds an entry: `registry.add<Halve>("halve", "halved every so many epochs", {.version = 2})`.
  template <class T>
  void add(const std::string& name, const std::string& about, const KindInfo<typename T::Options>& info = {}) {
    using Options = typename T::Options;
    if (info.version < 1) throw std::logic_error("kind `" + name + "`: versions start at 1");
    const auto& defaults = info.defaults;
    for (const auto& entry : entries_)
      if (entry.name == name) throw std::logic_error("kind `" + name + "` exists already");
    entries_.push_back({.name = name,
                        .about = about,
                        .version = info.version,
                        .type = typeid(Options),
                        .options =
                            [defaults](const AnyOptions& held) {
                              auto value = std::make_shared<Options>(held ? *held.get<Options>() : defaults);
                              return KindOptions{value, [value](config::Keys& keys) { declare(keys, *value); }};
                            },
                        .make = [defaults](const AnyOptions& held, Arguments... arguments) -> std::shared_ptr<Product> {
                          return std::make_shared<T>(held ? *held.get<Options>() : defaults,
                                                     std::forward<Arguments>(arguments)...);
                        }});
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& entry : entries_) all.push_back(entry.name);
    return all;
  }
  std::string about(const std::string& name) const override { return find(name).about; }
  int version(const std::string& name) const override { return find(name).version; }
  KindOptions options(const std::string& name, const AnyOptions& held = {}) const override {
    return find(name, held).options(held);
  }

  /// Throws Error if there is no such kind, or if the options are of another kind.
  std::shared_ptr<Product> make(const Selection& selection, Arguments... arguments) const {
    return find(selection.kind, selection.options).make(selection.options, std::forward<Arguments>(arguments)...);
  }

 private:
  struct Entry {
    std::string name;
    std::string about;
    int version;
    std::type_index type;  // of the options
    std::function<KindOptions(const AnyOptions&)> options;
    std::function<std::shared_ptr<Product>(const AnyOptions&, Arguments...)> make;
  };

  /// Returns the entry of this name, which accepts `held`.
  const Entry& find(const std::string& name, const AnyOptions& held = {}) const {
    for (const auto& entry : entries_) {
      if (entry.name != name) continue;
      if (held && held.type() != entry.type) refuse(held, entry);
      return entry;
    }
    std::string known;
    for (const auto& entry : entries_) known += (known.empty() ? "" : ", ") + entry.name;
    throw Error("unknown kind `" + name + "`", "Use one of: " + known);
  }

  [[noreturn]] void refuse(const AnyOptions& held, const Entry& entry) const {
    auto owner = "type `" + name_of_type(held.type()) + "`";
    for (const auto& other : entries_) {
      if (other.type == held.type()) owner = "kind `" + other.name + "`";
    }
    throw Error("options of " + owner + " given to kind `" + entry.name + "`",
                "Give it options of type `" + name_of_type(entry.type) + "`, or none for its defaults");
  }

  std::vector<Entry> entries_;
};

}  // namespace seq2seq
