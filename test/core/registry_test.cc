#include "seq2seq/core/registry.h"

#include <memory>
#include <string>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

struct SquareOptions {
  double side = 2;
};
struct Square final : Shape {
  using Options = SquareOptions;
  explicit Square(const Options& options) : side(options.side) {}
  double area() const override { return side * side; }
  double side;
};

struct BoxOptions {
  std::string label = "a text that no number can be taken for";
  double width = 3, height = 4;
};
struct Box final : Shape {
  using Options = BoxOptions;
  explicit Box(const Options& options) : width(options.width), height(options.height) {}
  double area() const override { return width * height; }
  double width, height;
};

struct ForeignOptions {};

void declare(config::Keys& /*keys*/, SquareOptions& /*options*/) {}
void declare(config::Keys& /*keys*/, BoxOptions& /*options*/) {}

Registry<Shape> shapes() {
  Registry<Shape> registry;
  registry.add<Square>("square", "four equal sides");
  registry.add<Box>("box", "two sides");
  return registry;
}

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("registry: makes a kind from its own options, or from its defaults", "[core][registry]") {
  const auto registry = shapes();
  CHECK(registry.make({.kind = "square", .options = nullptr})->area() == 4);
  CHECK(registry.make({.kind = "square", .options = std::make_shared<SquareOptions>(SquareOptions{3})})->area() == 9);
  CHECK(registry.make({.kind = "box", .options = registry.options("box").value})->area() == 12);
}

TEST_CASE("registry: a kind has version 1 and the defaults of its options, or those it was given", "[core][registry]") {
  Registry<Shape> registry;
  registry.add<Square>("square", "four equal sides");
  registry.add<Square>("large", "the same, larger", {.version = 3, .defaults = {.side = 7}});
  registry.add<Square>("newer", "the same, measured anew", {.version = 2});
  CHECK(registry.version("square") == 1);
  CHECK(registry.version("large") == 3);
  CHECK(registry.make({.kind = "large", .options = nullptr})->area() == 49);
  CHECK(registry.make({.kind = "newer", .options = nullptr})->area() == 4);
  CHECK_THROWS_WITH(registry.add<Square>("none", "", {.version = 0}), "kind `none`: versions start at 1");
}

TEST_CASE("registry: options are copied, not shared", "[core][registry]") {
  const auto registry = shapes();
  const auto held = std::make_shared<SquareOptions>(SquareOptions{5});
  const auto copied = registry.options("square", held).value;
  REQUIRE(copied.get<SquareOptions>() != held.get());
  CHECK(copied.get<SquareOptions>()->side == 5);
  CHECK(registry.options("square").value.get<SquareOptions>()->side == 2);
}

TEST_CASE("registry: options of another kind are refused", "[core][registry][error]") {
  const auto registry = shapes();
  const AnyOptions square = std::make_shared<SquareOptions>();
  const std::string wrong = "options of kind `square` given to kind `box`";
  CHECK_THAT(message_of([&] { registry.make({.kind = "box", .options = square}); }), ContainsSubstring(wrong));
  CHECK_THAT(message_of([&] { registry.options("box", square); }), ContainsSubstring(wrong));
  const auto foreign =
      message_of([&] { registry.make({.kind = "box", .options = std::make_shared<ForeignOptions>()}); });
  CHECK_THAT(foreign, ContainsSubstring("ForeignOptions` given to kind `box`") && ContainsSubstring("BoxOptions`"));
  CHECK_THAT(message_of([&] { registry.options("circle", square); }),
             ContainsSubstring("unknown kind `circle`. Use one of: square, box"));
}

TEST_CASE("options: are read as the type that they were put in as, and as no other", "[core][registry]") {
  const AnyOptions options = std::make_shared<BoxOptions>();
  CHECK(options.get<BoxOptions>() != nullptr);
  CHECK(options.get<SquareOptions>() == nullptr);
  CHECK(AnyOptions() == nullptr);
  CHECK(AnyOptions(std::shared_ptr<BoxOptions>()).get<BoxOptions>() == nullptr);
}

}  // namespace seq2seq::test
