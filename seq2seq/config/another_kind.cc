#include "seq2seq/config/another_kind.h"

#include <algorithm>
#include <memory>
#include <variant>

namespace seq2seq::config {

namespace {

/// Returns true if these keys have such a key or section for any choice of kinds.
bool has(const Keys& keys, const std::string& path) {
  const auto own = [&](const std::string& name) { return join_path(keys.tree().path, name) == path; };
  return std::any_of(keys.tree().items.begin(), keys.tree().items.end(), [&](const Tree::Item& item) {
    if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item)) return own((*key)->facts().name);
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item))
      return own((*section)->name) || has((*section)->keys, path);
    const auto& choice = *std::get<std::unique_ptr<Choice>>(item);
    const auto kinds = choice.kinds().names();
    return own(choice.key().facts().name) || std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) {
             return has(*choice.keys_of(kind), path);
           });
  });
}

}  // namespace

AnotherKind find_another_kind(const Keys& keys, const std::string& path) {
  for (const auto& item : keys.tree().items) {
    AnotherKind found;
    if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item))
      found = find_another_kind((*section)->keys, path);
    if (const auto* choice = std::get_if<std::unique_ptr<Choice>>(&item)) {
      if (!(*choice)->chosen().empty() && has((*choice)->keys(), path))
        return find_another_kind((*choice)->keys(), path);
      found = {choice->get(), join_path(keys.tree().path, (*choice)->key().facts().name), {}};
      for (const auto& kind : (*choice)->kinds().names())
        if (has(*(*choice)->keys_of(kind), path)) found.kinds.push_back(kind);
    }
    if (!found.kinds.empty()) return found;
  }
  return {};
}

}  // namespace seq2seq::config
