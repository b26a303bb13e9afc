#include "seq2seq/run/constraints.h"

#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

struct Constrained {
  std::vector<std::string> outputs;
  run::Translated counts;
};

/// Null: no such file.
Constrained translate_with(const run::LoadedRun& run, const std::string& source, const char* prefixes,
                           const char* constraints, const run::TranslateOptions& given = {}) {
  auto options = given;
  auto lines = line_reader(source), prefix_lines = line_reader(prefixes == nullptr ? "" : prefixes),
       constraint_lines = line_reader(constraints == nullptr ? "" : constraints);
  if (prefixes != nullptr) options.constraints.prefixes = &prefix_lines;
  if (constraints != nullptr) options.constraints.phrases = &constraint_lines;
  std::ostringstream out;
  auto counts = run::translate(run, lines, out, options);
  return {lines_in(out.str()), counts};
}

bool has_phrase(const std::string& line, const std::string& phrase) {
  return (" " + line + " ").find(" " + phrase + " ") != std::string::npos;
}

}  // namespace

TEST_CASE("constraints: outputs begin with the prefix of their line, and an empty line changes nothing",
          "[run][translate][constraints]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=60"});
  const auto search = GENERATE("beam", "exact", "sample");
  const auto run = toy.load("run", "last", {std::string("decode.search=") + search, "decode.batch=2"});
  const std::string source = "a b c\nc\nb b\n\na a\n";
  const auto free = translate_with(run, source, nullptr, nullptr).outputs;
  const auto found = translate_with(run, source, "c b\n\nb b a\na\n\n", nullptr);
  REQUIRE(found.outputs.size() == 5);
  CHECK(found.outputs[0].starts_with("c b"));
  CHECK(found.outputs[1] == free[1]);
  CHECK(found.outputs[2].starts_with("b b a"));
  CHECK(found.outputs[3].starts_with("a"));
  CHECK(found.outputs[4] == free[4]);
  CHECK(found.counts.unmet.outputs == 0);
}

TEST_CASE("constraints: outputs have the phrases of their line, in either direction of writing",
          "[run][translate][constraints]") {
  const std::string reverse = GENERATE("none", "target");
  Toy toy(copied);
  toy.train("run", {"train.updates=60", "data.reverse=" + reverse});
  const auto search = GENERATE("beam", "exact");
  const auto run = toy.load("run", "last", {std::string("decode.search=") + search});
  const std::string source = "a b c\nc\nb b\n";
  const auto free = translate_with(run, source, nullptr, nullptr).outputs;
  const auto found = translate_with(run, source, nullptr, "c a b\tb b\n\n\ta c\t\n");
  REQUIRE(found.outputs.size() == 3);
  CHECK(has_phrase(found.outputs[0], "c a b"));
  CHECK(has_phrase(found.outputs[0], "b b"));
  CHECK(found.outputs[1] == free[1]);
  CHECK(has_phrase(found.outputs[2], "a c"));
  CHECK(found.counts.unmet.outputs == 0);
}

TEST_CASE("constraints: outputs without room for their phrases are counted, with the first line",
          "[run][translate][constraints]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run", "last", {"decode.max_length={ratio: 0, plus: 3, limit: 3}"});
  const auto found = translate_with(run, "a\nb\nc\n", nullptr, "a b\na b\tc c\na b\ta c\n");
  CHECK(found.counts.unmet.outputs == 2);
  CHECK(found.counts.unmet.first_line == 2);
  const auto free = translate_with(run, "a\nb\nc\n", nullptr, nullptr).outputs;
  CHECK(has_phrase(found.outputs[0], "a b"));
  CHECK(found.outputs[1] == free[1]);
  CHECK(found.outputs[2] == free[2]);
}

TEST_CASE("constraints: a phrase that no output can have leaves the best output without it",
          "[run][translate][constraints]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=60"});
  const auto run = toy.load("run", "last", {"decode.no_repeat_ngram=1", "decode.beam=3"});
  const auto found = translate_with(run, "a b\nc\n", nullptr, "a a\nc\n");
  const auto free = translate_with(run, "a b\nc\n", nullptr, nullptr).outputs;
  CHECK(found.outputs[0] == free[0]);
  CHECK(has_phrase(found.outputs[1], "c"));
  CHECK(found.counts.unmet.outputs == 1);
  CHECK(found.counts.unmet.first_line == 1);
}

TEST_CASE("constraints: what cannot be met is refused with its place", "[run][translate][constraints][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run", "last", {"decode.max_length={ratio: 1, plus: 1, limit: 9}"});
  const auto told = [&](const char* prefixes, const char* constraints) {
    return message_of<Error>([&] { translate_with(run, "a b\nc\n", prefixes, constraints); });
  };
  CHECK_THAT(told("a\nx y\n", nullptr), ContainsSubstring(":2") && ContainsSubstring("`x`"));
  CHECK_THAT(told(nullptr, "a\nb\tb x\n"), ContainsSubstring(":2") && ContainsSubstring("`x`"));
  CHECK_THAT(told(nullptr, "a\nb\tb </s>\n"), ContainsSubstring("</s>"));
  CHECK_THAT(told("a b c\na b c\n", nullptr), ContainsSubstring(":2") && ContainsSubstring("3 tokens"));
  CHECK_THAT(told("a\n", nullptr), ContainsSubstring(":2") && ContainsSubstring("more lines than this file"));
  CHECK_THAT(told("a\nb\nc\n", nullptr), ContainsSubstring(":3") && ContainsSubstring("more lines than the source"));
}

TEST_CASE("constraints: runs and searches that cannot meet them are refused", "[run][translate][constraints][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  toy.train("turned", {"train.updates=5", "data.reverse=target"});
  const auto told = [&](const std::string& run, const std::vector<std::string>& set, const char* prefixes,
                        const char* constraints) {
    const auto loaded = toy.load(run, "last", set);
    return message_of<UsageError>([&] { translate_with(loaded, "a\n", prefixes, constraints); });
  };
  CHECK_THAT(told("turned", {}, "a\n", nullptr), ContainsSubstring("data.reverse"));
  CHECK_THAT(told("run", {"decode.search=sample"}, nullptr, "a\n"),
             ContainsSubstring("sampling cannot put given phrases"));
  CHECK_THAT(told("run", {"decode.diverse_beam.groups=2"}, nullptr, "a\n"), ContainsSubstring("diverse_beam"));
  CHECK_THAT(told("run", {"decode.refill=false"}, nullptr, "a\n"), ContainsSubstring("refill"));
}

TEST_CASE("constraints: a coverage penalty needs attention, and one model", "[run][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  CHECK_THAT(message_of<UsageError>([&] { toy.load("run", "last", {"decode.coverage_penalty=0.2"}); }),
             ContainsSubstring("attention"));
}

}  // namespace seq2seq::test
