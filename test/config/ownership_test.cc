#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "seq2seq/config/resolved.h"
#include "seq2seq/config/tree.h"
#include "test/config/sample.h"
#include "test/support/catch.h"

namespace seq2seq::config {

namespace {

struct Counted {
  int64_t value = 1;
};

/// Kinds `a` and `b`, which record every options object that they return.
struct WatchedKinds final : Kinds {
  std::vector<std::string> names() const override { return {"a", "b"}; }
  std::string about(const std::string& /*name*/) const override { return {}; }
  int version(const std::string& /*name*/) const override { return 1; }
  KindOptions options(const std::string& name, const AnyOptions& held = {}) const override {
    auto options = std::make_shared<Counted>(held ? *held.get<Counted>() : Counted{});
    given[name].push_back(options);
    // By a plain reference, as a kind of another project may.
    return {options, [&field = options->value](Keys& keys) { keys.add("value", field, "a number"); }};
  }
  std::weak_ptr<Counted> first(const std::string& name) const { return given[name].front(); }
  std::weak_ptr<Counted> last(const std::string& name) const { return given[name].back(); }
  mutable std::map<std::string, std::vector<std::weak_ptr<Counted>>> given;
};

struct Watched {
  WatchedKinds kinds;
  Selection selection{.kind = "a", .options = nullptr};
  Keys keys;
  Watched() { keys.select_here("kind", selection, kinds, "which one"); }
  Choice& choice() { return *std::get<std::unique_ptr<Choice>>(keys.tree().items.front()); }
  void read(const std::string& text) { read_text(text, "a.yaml", "/", {}, keys); }
};

const KeyFacts& first_key(const Keys& keys) {
  return std::get<std::unique_ptr<Key>>(keys.tree().items.front())->facts();
}

}  // namespace

TEST_CASE("choice: keys of any kind own the options that they are bound to", "[config][choice][error]") {
  Watched watched;
  auto keys = watched.choice().keys_of("b");
  REQUIRE_FALSE(watched.kinds.last("b").expired());
  first_key(*keys).set({"7"});
  CHECK(watched.kinds.last("b").lock()->value == 7);
  CHECK(first_key(*keys).get() == "7");
  keys.reset();
  CHECK(watched.kinds.last("b").expired());
}

TEST_CASE("choice: keys of the chosen kind own its options, though the selection is gone", "[config][choice][error]") {
  Watched watched;
  const auto options = watched.kinds.first("a");
  const Keys& keys = watched.choice().keys();
  watched.selection.options = nullptr;
  REQUIRE_FALSE(options.expired());
  first_key(keys).set({"3"});
  CHECK(options.lock()->value == 3);
}

TEST_CASE("choice: another kind frees the options of the one before", "[config][choice]") {
  Watched watched;
  const auto before = watched.kinds.first("a");
  REQUIRE_FALSE(before.expired());
  watched.read("{kind: b, value: 5}");
  CHECK(before.expired());
  CHECK(watched.selection.options.get<Counted>()->value == 5);
  CHECK(watched.selection.options.get<Counted>() == watched.kinds.last("b").lock().get());
}

TEST_CASE("choice: options that were replaced after the declaration are noticed", "[config][choice][error]") {
  Watched watched;
  watched.selection.options = std::make_shared<Counted>(Counted{9});
  const std::string message = "the options of `kind` were replaced after its keys were declared";
  CHECK_THROWS_WITH(write_yaml(watched.keys), seq2seq::test::ContainsSubstring(message));
  CHECK_THROWS_WITH(watched.read("{value: 5}"), seq2seq::test::ContainsSubstring(message));
  CHECK(watched.selection.options.get<Counted>()->value == 9);
}

}  // namespace seq2seq::config
