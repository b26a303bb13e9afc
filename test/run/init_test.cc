#include "seq2seq/run/init/init.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/train_run.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// A function that makes lines of a kind of text from a number.
using Line = std::string (*)(int);

std::string letters(int number) {
  std::string line;
  for (int i = 0; i < 1 + number % 7; ++i, number = number * 31 + 17) {
    if (i > 0) line += ' ';
    line += static_cast<char>('a' + static_cast<unsigned>(number) % 20);
  }
  return line;
}

std::string date(int number) { return fmt::format("{} March {}", 1 + number % 31, 1900 + number / 31 % 200); }
std::string number_date(int number) { return fmt::format("{}-03-{:02}", 1900 + number / 31 % 200, 1 + number % 31); }

/// Returns words, most of which are rare, as in any text.
std::string sentence(int number) {
  std::string line;
  for (int i = 0; i < 12; ++i) line += fmt::format("w{}x ", (number * 7919 + i * i * 104729) % (50 + 400 * i));
  return line + ".";
}

run::InitText text_of(const TemporaryFolder& folder, Line source, Line target, int lines) {
  std::string sources, targets;
  for (int i = 0; i < lines; ++i) {
    sources += source(i) + '\n';
    targets += target(i) + '\n';
  }
  return {folder.file("text.source", sources), folder.file("text.target", targets)};
}

run::Initialized made_of(Toy& toy, Line source, Line target, int lines) {
  return run::init(toy / "first", text_of(toy.folder(), source, target, lines), toy.environment);
}

}  // namespace

TEST_CASE("init: every pair is in one part, in the text's order, and equal sources are together", "[run][init]") {
  Toy toy(copied);
  const auto made = made_of(toy, letters, date, 3000);
  std::vector<std::pair<std::string, std::string>> all, found;
  std::map<std::string, std::set<std::string>> parts_of_source;
  for (int i = 0; i < 3000; ++i) all.emplace_back(letters(i), date(i));
  for (const std::string part : {"train", "validation", "test"}) {
    const auto sources = lines_in(content_of(toy / ("first/" + part + ".source")));
    const auto targets = lines_in(content_of(toy / ("first/" + part + ".target")));
    REQUIRE(sources.size() == targets.size());
    std::vector<std::pair<std::string, std::string>> here;
    for (size_t i = 0; i < sources.size(); ++i) {
      here.emplace_back(sources[i], targets[i]);
      parts_of_source[sources[i]].insert(part);
    }
    auto place = all.begin();
    for (const auto& pair : here) {
      place = std::find(place, all.end(), pair);
      REQUIRE(place != all.end());
    }
    found.insert(found.end(), here.begin(), here.end());
  }
  std::sort(all.begin(), all.end());
  std::sort(found.begin(), found.end());
  CHECK(all == found);
  CHECK(std::all_of(parts_of_source.begin(), parts_of_source.end(),
                    [](const auto& source) { return source.second.size() == 1; }));
  CHECK(made.training + made.validation + made.test == 3000);
  CHECK(made.validation > 0);
  CHECK(made.test > 0);
}

TEST_CASE("init: tokens are words, characters or subwords by the kind of text, and its configuration trains",
          "[run][init]") {
  struct Kind {
    Line source, target;
    run::Cut source_cut, target_cut;
    int lines = 2000;
  };
  const auto kind = GENERATE(Kind{letters, letters, run::Cut::words, run::Cut::words},
                             Kind{date, number_date, run::Cut::characters, run::Cut::characters},
                             Kind{sentence, sentence, run::Cut::subwords, run::Cut::subwords},
                             Kind{sentence, letters, run::Cut::subwords, run::Cut::words},
                             Kind{sentence, sentence, run::Cut::subwords, run::Cut::subwords, 100});
  Toy toy(copied);
  const auto made = made_of(toy, kind.source, kind.target, kind.lines);
  CHECK(made.recipe.source_cut == kind.source_cut);
  CHECK(made.recipe.target_cut == kind.target_cut);
  CHECK(made.recipe.shared_vocabulary == (kind.source == kind.target));
  run::train_new({.config = toy / "first/config.yaml",
                  .overrides = overrides({"train.updates=2", "train.validate.every_updates=1"}),
                  .folder = toy / "run",
                  .init_from = {}},
                 toy.environment);
  CHECK(toy.load("run").update == 2);
}

TEST_CASE("init: longer outputs than usual and longer lines than usual are allowed for", "[run][init]") {
  run::TextFactsCounter counter;
  for (int i = 0; i < 1000; ++i) {
    std::string target;
    for (int word = 0; word < 120; ++word) target += word % 2 == 0 ? "a " : "b ";
    counter.add("x y", target);
  }
  const auto recipe = run::recipe_for(counter.finish(), 900);
  CHECK(recipe.length_ratio == 55);  // (120 - 10) / 2
  CHECK(recipe.max_length == 120);
}

TEST_CASE("init: what is wrong with the text is told with its place, and nothing is left", "[run][init][error]") {
  Toy toy(copied);
  const auto good = text_of(toy.folder(), letters, letters, 200);
  const auto fault = [&](const run::InitText& text) {
    const auto message = message_of<Error>([&] { run::init(toy / "first", text, toy.environment); });
    CHECK_FALSE(fs::exists(toy / "first"));
    return message;
  };
  const auto file = [&](const char* name, const std::string& text) { return toy.folder().file(name, text); };
  const auto shorter = file("shorter", "a\nb\n");
  CHECK_THAT(fault({good.source, shorter}),
             ContainsSubstring("text.source:3: has no counterpart") && ContainsSubstring("shorter has fewer lines"));
  CHECK_THAT(fault({shorter, good.target}), ContainsSubstring("text.target:3: has no counterpart"));
  CHECK_THAT(fault({file("empty", ""), good.target}), ContainsSubstring("empty: is empty"));
  CHECK_THAT(fault({good.source, file("empty", "")}), ContainsSubstring("empty: is empty"));
  CHECK_THAT(fault({shorter, shorter}), ContainsSubstring("has 2 lines with text on both sides; at least 100"));
  CHECK_THAT(fault({toy / "none", good.target}), ContainsSubstring("none: cannot be read"));
  CHECK_THAT(fault({toy.path(), good.target}), ContainsSubstring("is not a regular file"));
  std::string same;
  for (int i = 0; i < 200; ++i) same += "a\n";
  CHECK_THAT(fault({file("same", same), good.target}), ContainsSubstring("too few different lines"));
  CHECK_THAT(fault({file("bytes", "a\n\xff\n"), shorter}), ContainsSubstring("bytes:2:1"));
  run::init(toy / "first", good, toy.environment);
  const auto again = message_of<Error>([&] { run::init(toy / "first", good, toy.environment); });
  CHECK_THAT(again, ContainsSubstring("first: exists already"));
}

}  // namespace seq2seq::test
