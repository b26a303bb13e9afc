#include "seq2seq/config/keys.h"

#include <algorithm>
#include <stdexcept>

#include "seq2seq/config/tree.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

/// The keys of a kind, which own the options they are bound to.
std::unique_ptr<Keys> keys_of_options(const std::string& path, const KindOptions& options) {
  auto keys = std::make_unique<Keys>();
  keys->tree().path = path;
  keys->tree().options = options.value;
  options.declare(*keys);
  return keys;
}

void refuse_second(const Keys& keys, const std::string& name) {
  const auto there = names(keys);
  if (std::find(there.begin(), there.end(), name) != there.end()) {
    throw std::logic_error("key `" + join_path(keys.tree().path, name) + "` is declared twice");
  }
}

KeyFacts facts_of(std::string key, const Kinds& kinds, std::string meaning) {
  KeyFacts facts;
  facts.name = std::move(key);
  facts.meaning = std::move(meaning);
  facts.one_of = kinds.names();
  return facts;
}

}  // namespace

Keys::Keys() : tree_(std::make_unique<Tree>()) {}
Keys::~Keys() = default;
Keys::Keys(Keys&&) noexcept = default;

Key& Keys::bind(KeyFacts facts) {
  refuse_second(*this, facts.name);
  facts.default_value = facts.get();
  facts.digest = facts.get;
  auto key = std::make_unique<Key>(std::move(facts));
  if (key->facts().type == KeyType::path || key->facts().type == KeyType::list_of_paths) key->changes_no_result();
  Key& added = *key;
  tree_->items.emplace_back(std::move(key));
  return added;
}

Key& Keys::add_file(std::string name, std::filesystem::path& field, std::string meaning) {
  return add(std::move(name), field, std::move(meaning)).digest([&field] {
    return field.empty() ? std::string() : sha256_of_file(field);
  });
}

Keys& Keys::add_section(std::string name, std::string meaning) {
  refuse_second(*this, name);
  auto section = std::make_unique<Section>();
  section->keys.tree_->path = join_path(tree_->path, name);
  section->name = std::move(name);
  section->meaning = std::move(meaning);
  Keys& keys = section->keys;
  tree_->items.emplace_back(std::move(section));
  return keys;
}

Key& Keys::select(std::string name, Selection& selection, const Kinds& kinds, std::string meaning) {
  return add_section(std::move(name), std::move(meaning))
      .select_here("kind", selection, kinds, "kind; each has its own keys");
}

Key& Keys::select_here(std::string key, Selection& selection, const Kinds& kinds, std::string meaning) {
  refuse_second(*this, key);
  auto choice = std::make_unique<Choice>(tree_->path, std::move(key), selection, kinds, std::move(meaning));
  for (const auto& kind : kinds.names()) {
    for (const auto& name : names(*choice->keys_of(kind))) refuse_second(*this, name);
  }
  Key& made = choice->key();
  tree_->items.emplace_back(std::move(choice));
  return made;
}

void Keys::rule(std::string key, std::function<std::string()> wrong) {
  tree_->rules.push_back({std::move(key), std::move(wrong)});
}

void Keys::leave_out(std::string_view path) {
  const auto point = path.find('.');
  const auto first = path.substr(0, point);
  if (point != std::string_view::npos) {
    for (auto& item : tree_->items)
      if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item); section && (*section)->name == first)
        (*section)->keys.leave_out(path.substr(point + 1));
    return;
  }
  std::erase_if(tree_->items, [first](const Tree::Item& item) {
    return std::visit(Overloaded{[&](const std::unique_ptr<Key>& key) { return key->facts().name == first; },
                                 [&](const std::unique_ptr<Section>& section) { return section->name == first; },
                                 [&](const std::unique_ptr<Choice>&) { return false; }},
                      item);
  });
}

Choice::Choice(std::string path, std::string key, Selection& selection, const Kinds& kinds, std::string meaning)
    : path_(std::move(path)), selection_(&selection), kinds_(&kinds), keys_(std::make_unique<Keys>()), key_([&] {
        KeyFacts facts = facts_of(std::move(key), kinds, std::move(meaning));
        facts.default_value = to_yaml(selection.kind);
        facts.required = selection.kind.empty();
        facts.get = facts.digest = [this] { return to_yaml(selection_->kind); };
        facts.version = [this] { return selection_->kind.empty() ? 1 : kinds_->version(selection_->kind); };
        facts.set = [this](const std::vector<std::string>& texts) {
          if (texts.front() != selection_->kind) choose(texts.front(), nullptr);
        };
        return facts;
      }()) {
  if (!selection.kind.empty()) choose(selection.kind, selection.options);
}

std::unique_ptr<Keys> Choice::keys_of(const std::string& kind) const {
  return keys_of_options(path_, kinds_->options(kind));
}

void Choice::choose(const std::string& kind, const AnyOptions& held) {
  const KindOptions options = kinds_->options(kind, held);
  keys_ = keys_of_options(path_, options);
  selection_->kind = kind;
  selection_->options = options.value;
}

void Choice::check_bound() const {
  if (keys_->tree().options == selection_->options) return;
  throw std::logic_error("the options of `" + join_path(path_, key_.facts().name) +
                         "` were replaced after its keys were declared; declare the keys again");
}

void Keys::answer_words(std::map<std::string, std::string> answers) { tree_->answers = std::move(answers); }

std::string join_path(const std::string& section, const std::string& name) {
  return section.empty() ? name : section + "." + name;
}

std::vector<std::string> names(const Keys& keys) {
  std::vector<std::string> found;
  for (const auto& item : keys.tree().items) {
    std::visit(Overloaded{[&](const std::unique_ptr<Key>& key) { found.push_back(key->facts().name); },
                          [&](const std::unique_ptr<Section>& section) { found.push_back(section->name); },
                          [&](const std::unique_ptr<Choice>& choice) {
                            found.push_back(choice->key().facts().name);
                            for (auto& name : names(choice->keys())) found.push_back(std::move(name));
                          }},
               item);
  }
  return found;
}

void visit_keys(const Keys& keys, const std::function<void(const std::string&, const KeyFacts&)>& visit) {
  const auto visit_one = [&](const Key& key) { visit(join_path(keys.tree().path, key.facts().name), key.facts()); };
  for (const auto& item : keys.tree().items) {
    std::visit(Overloaded{[&](const std::unique_ptr<Key>& key) { visit_one(*key); },
                          [&](const std::unique_ptr<Section>& section) { visit_keys(section->keys, visit); },
                          [&](const std::unique_ptr<Choice>& choice) {
                            visit_one(choice->key());
                            visit_keys(choice->keys(), visit);
                          }},
               item);
  }
}

}  // namespace seq2seq::config
