#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"

namespace seq2seq {

namespace config {
class Keys;
}

/// Options of one kind, whatever their type; `declare` states their keys (see config/keys.h).
struct KindOptions {
  std::shared_ptr<void> value;
  std::function<void(config::Keys&)> declare;
};

/// What a registry tells about its entries without making one: all that configuration and help need.
class Kinds {
 public:
  virtual ~Kinds() = default;
  virtual std::vector<std::string> names() const = 0;              // in the order of registration
  virtual std::string about(const std::string& name) const = 0;    // one line: what it is, and the paper
  virtual KindOptions options(const std::string& name) const = 0;  // with the defaults of that kind
  /// The same, started from a copy of `held`, options of that kind; null: from the defaults.
  virtual KindOptions options(const std::string& name, const std::shared_ptr<void>& held) const = 0;
};

/// A choice a configuration makes among the entries of a registry: `{kind: halve, from_epoch: 5}`.
struct Selection {
  std::string kind;
  std::shared_ptr<void> options;  // of the kind's own Options type; null means that kind's defaults
};

/// The ways to make a `Product`, by name. An entry is a class T with `T::Options`, a function `declare(config::Keys&,
/// T::Options&)` and a constructor `T(const T::Options&, Arguments...)`. `main` makes the registries and hands them
/// down; nothing registers itself.
template <class Product, class... Arguments>
class Registry final : public Kinds {
 public:
  template <class T>
  void add(const std::string& name, const std::string& about, const typename T::Options& defaults = {}) {
    using Options = typename T::Options;
    entries_.push_back({name, about,
                        [defaults](const void* held) {
                          auto value = std::make_shared<Options>(held ? *static_cast<const Options*>(held) : defaults);
                          return KindOptions{value, [value](config::Keys& keys) { declare(keys, *value); }};
                        },
                        [defaults](const void* options, Arguments... arguments) -> std::shared_ptr<Product> {
                          return std::make_shared<T>(options ? *static_cast<const Options*>(options) : defaults,
                                                     std::forward<Arguments>(arguments)...);
                        }});
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& entry : entries_) all.push_back(entry.name);
    return all;
  }
  std::string about(const std::string& name) const override { return find(name).about; }
  KindOptions options(const std::string& name) const override { return find(name).options(nullptr); }
  KindOptions options(const std::string& name, const std::shared_ptr<void>& held) const override {
    return find(name).options(held.get());
  }

  std::shared_ptr<Product> make(const Selection& selection, Arguments... arguments) const {
    return find(selection.kind).make(selection.options.get(), std::forward<Arguments>(arguments)...);
  }

 private:
  struct Entry {
    std::string name;
    std::string about;
    std::function<KindOptions(const void*)> options;
    std::function<std::shared_ptr<Product>(const void*, Arguments...)> make;
  };

  const Entry& find(const std::string& name) const {
    for (const auto& entry : entries_) {
      if (entry.name == name) return entry;
    }
    std::string known;
    for (const auto& entry : entries_) known += (known.empty() ? "" : ", ") + entry.name;
    throw Error("unknown kind `" + name + "`; known are " + known);
  }

  std::vector<Entry> entries_;
};

}  // namespace seq2seq
