#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/registry.h"

namespace seq2seq::config {

/// The tree of keys behind `Keys`, private to this part. Used by the reader, the writer and the reference.
struct Section {
  std::string name, meaning;
  Keys keys;
};

/// A choice among kinds: the key that names the kind, and the keys of the present kind.
class Choice {
 public:
  Choice(std::string path, std::string key, Selection& selection, const Kinds& kinds, std::string meaning);
  Key& key() { return key_; }
  const Key& key() const { return key_; }
  const Kinds& kinds() const { return *kinds_; }
  const std::string& chosen() const { return selection_->kind; }
  /// Returns the keys of the chosen kind, bound to the options of the selection; empty if none is chosen. Throws
  /// std::logic_error if the selection got other options after its keys were declared, because the keys would change
  /// the old ones.
  Keys& keys() { return check_bound(), *keys_; }
  const Keys& keys() const { return check_bound(), *keys_; }
  /// Returns the keys of any kind, with its defaults, bound to separate options: for messages and the reference.
  std::unique_ptr<Keys> keys_of(const std::string& kind) const;

 private:
  void choose(const std::string& kind, const AnyOptions& held);
  void check_bound() const;

  std::string path_;
  Selection* selection_;
  const Kinds* kinds_;
  std::unique_ptr<Keys> keys_;
  Key key_;
};

struct Rule {
  std::string key;
  std::function<std::string()> wrong;
};

struct Tree {
  using Item = std::variant<std::unique_ptr<Key>, std::unique_ptr<Section>, std::unique_ptr<Choice>>;
  std::string path;    // of the section, `train.optimizer`; empty at the top
  AnyOptions options;  // owns the options of a kind that the keys are bound to; empty: the caller owns them
  std::vector<Item> items;
  std::vector<Rule> rules;
  // At the top: hints for words of other programs. By the name of a key, `lr`; by the path of a key that would mean
  // something else elsewhere, `train.batch.size`; or by a path and a value in lower case, `train.precision=fp16`.
  std::map<std::string, std::string> answers;
};

/// Joins `train` and `batch` to `train.batch`.
std::string join_path(const std::string& section, const std::string& name);

/// Returns the names of the keys and sections directly in a section, including keys of the chosen kinds.
std::vector<std::string> names(const Keys& keys);

/// Calls `visit(path, facts)` for all keys in order of declaration; for choices, the keys of the chosen kind.
void visit_keys(const Keys& keys, const std::function<void(const std::string&, const KeyFacts&)>& visit);

}  // namespace seq2seq::config
