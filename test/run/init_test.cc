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
  return {.train{.source{folder.file("text.source", sources)}, .target{folder.file("text.target", targets)}}};
}

/// Returns lines of pairs, from one number to the one before another.
std::string columns(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += letters(i) + '\t' + date(i) + '\n';
  return text;
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

TEST_CASE("init: one shared tokenizer has one size, and more pieces than the text has characters", "[run][init]") {
  run::TextFactsCounter counter;
  for (int i = 0; i < 1000; ++i) {
    // Each target word is a source word, but not the other way round; 1,200 characters, as in Chinese.
    std::string source, target;
    for (int word = 0; word < 22; ++word) {
      const int point = 0x4e00 + (i * 22 + word) % 1200;
      for (const int byte : {0xe0 | point >> 12, 0x80 | (point >> 6 & 0x3f), 0x80 | (point & 0x3f)})
        target += static_cast<char>(byte);
      target += ' ';
      source += target.substr(target.size() - 4) + fmt::format("x{}y{} ", i, word);
    }
    counter.add(source, target);
  }
  const auto facts = counter.finish();
  REQUIRE(facts.source.types != facts.target.types);
  const auto recipe = run::recipe_for(facts, 900);
  REQUIRE(recipe.shared_vocabulary);
  CHECK(recipe.source_subwords == recipe.target_subwords);
  CHECK(recipe.source_subwords > 1200);
}

TEST_CASE("init: validation and test text of one's own stay as they are; columns and several files are read",
          "[run][init]") {
  Toy toy(copied);
  const auto& folder = toy.folder();
  const bool own_test = GENERATE(true, false);
  run::InitText text{
      .train{.source{folder.file("a.source", letters(0) + '\n')},
             .target{folder.file("a.target", date(0) + '\n')},
             .pairs{folder.file("b.tsv", columns(1, 1500)), folder.file("c.tsv", columns(1500, 3000) + "x\t\n")}},
      .validation{.pairs{folder.file("validation.tsv", columns(5000, 5100) + "\ty\n")}}};
  // The first of the test sources is one that is trained on.
  if (own_test) text.test.pairs = {folder.file("test.tsv", letters(7) + "\tz\n" + columns(6000, 6010))};
  const auto made = run::init(toy / "first", text, toy.environment);
  CHECK(made.validation == 100);
  CHECK(made.training + (own_test ? 0 : made.test) == 3000);
  CHECK((own_test ? made.test == 11 : made.test > 0));
  CHECK(made.left_out == 2);
  std::string sources, targets;
  for (int i = 5000; i < 5100; ++i) {
    sources += letters(i) + '\n';
    targets += date(i) + '\n';
  }
  CHECK(content_of(toy / "first/validation.source") == sources);
  CHECK(content_of(toy / "first/validation.target") == targets);
  std::set<std::string> trained, held_out;
  for (const auto& line : lines_in(content_of(toy / "first/train.source"))) trained.insert(line);
  for (const std::string part : {"validation", "test"})
    if (part == "validation" || own_test)
      for (const auto& line : lines_in(content_of(toy / ("first/" + part + ".source")))) held_out.insert(line);
  const auto is_trained = [&](const auto& line) { return trained.contains(line); };
  CHECK(made.seen == std::ranges::count_if(held_out, is_trained));
  CHECK((!own_test || made.seen > 0));
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
  const auto source = good.train.source.front(), target = good.train.target.front();
  const auto of = [](const fs::path& one, const fs::path& other) {
    return run::InitText{.train{.source{one}, .target{other}}};
  };
  CHECK_THAT(fault(of(source, shorter)),
             ContainsSubstring("text.source: has 200 lines") && ContainsSubstring("shorter has 2 lines"));
  CHECK_THAT(fault(of(shorter, target)), ContainsSubstring("shorter: has 2 lines"));
  CHECK_THAT(fault(of(file("empty", ""), target)), ContainsSubstring("empty: has 0 lines"));
  CHECK_THAT(fault(of(source, file("empty", ""))), ContainsSubstring("empty has 0 lines"));
  CHECK_THAT(fault(of(shorter, shorter)), ContainsSubstring("has 2 lines with text on both sides; at least 100"));
  CHECK_THAT(fault(of(toy / "none", target)), ContainsSubstring("none: cannot be read"));
  CHECK_THAT(fault(of(toy.path(), target)), ContainsSubstring("is not a regular file"));
  std::string same;
  for (int i = 0; i < 200; ++i) same += "a\n";
  CHECK_THAT(fault(of(file("same", same), target)), ContainsSubstring("too few different lines"));
  CHECK_THAT(fault(of(file("bytes", "a\n\xff\n"), shorter)),
             ContainsSubstring("bytes:2:1") &&
                 ContainsSubstring("Correct the line, or remove it with its other side") &&
                 !ContainsSubstring("invalid_utf8"));
  auto own = good;
  own.test.pairs = {file("blank.tsv", "a\t\n\tb\n")};
  CHECK_THAT(fault(own), ContainsSubstring("blank.tsv: has no line with text on both sides, but is the test text"));
  own.test.pairs = {file("three.tsv", "a\tb\tc\n")};
  CHECK_THAT(fault(own), ContainsSubstring("three.tsv:1: has more than one tab") && ContainsSubstring("cut -f1,2"));
  run::init(toy / "first", good, toy.environment);
  const auto again = message_of<Error>([&] { run::init(toy / "first", good, toy.environment); });
  CHECK_THAT(again, ContainsSubstring("first: exists already"));
}

}  // namespace seq2seq::test
