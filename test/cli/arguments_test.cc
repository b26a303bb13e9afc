#include "seq2seq/cli/arguments.h"

#include <algorithm>
#include <sstream>

#include "seq2seq/cli/command.h"
#include "test/cli/program.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

using Words = std::vector<std::string>;

/// A command with two positions, an option and two repeatable ones.
struct Sample final : cli::Command {
  std::string name() const override { return "sample"; }
  std::string about() const override { return "for a test"; }
  cli::Help help() const override { return {{"sample run", "sample run --beam 3"}, "docs/a.md"}; }
  void declare(cli::Arguments& arguments) override {
    arguments.required("RUN", run_folder, "a folder");
    arguments.optional("INPUT", input, "a file");
    arguments.option("--beam", beam, "K", "a number");
    arguments.repeatable("--set", set, "KEY=VALUE", "a key");
    arguments.repeatable("--reference", references, "FILE", "a file");
  }
  int run(const cli::Context&) override { return 0; }

  std::string run_folder, input, beam;
  Words set, references;
};

/// Returns the arguments that the command reads from these words.
Sample& read(cli::Commands& commands, const Words& words) {
  commands.clear();
  commands.push_back(std::make_unique<Sample>());
  std::ostringstream out, err;
  REQUIRE(cli::parse(words, commands, {.version = "1"}, out, err) == commands.front().get());
  return static_cast<Sample&>(*commands.front());
}

}  // namespace

TEST_CASE("arguments: a repeatable option takes one value each time, in every order", "[cli][usage]") {
  const bool joined = GENERATE(false, true);  // `--set a=1` and `--set=a=1`
  const auto option = [joined](const std::string& name, const std::string& value) {
    return joined ? Words{name + "=" + value} : Words{name, value};
  };
  const std::vector<Words> groups{option("--set", "a=1"),
                                  option("--set", "b=[1,2]"),
                                  option("--reference", "[x,y]"),
                                  option("--beam", "3"),
                                  {"folder", "file"}};
  std::vector<size_t> order{0, 1, 2, 3, 4};
  cli::Commands commands;
  do {
    Words words{"sample"};
    for (const size_t group : order) words.insert(words.end(), groups[group].begin(), groups[group].end());
    CAPTURE(words);
    const auto& sample = read(commands, words);
    CHECK(sample.run_folder == "folder");
    CHECK(sample.input == "file");
    CHECK(sample.beam == "3");
    auto set = sample.set;
    std::sort(set.begin(), set.end());
    CHECK(set == Words{"a=1", "b=[1,2]"});
    CHECK(sample.references == Words{"[x,y]"});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("arguments: an option between two positions takes neither", "[cli][usage]") {
  cli::Commands commands;
  const auto& sample = read(commands, {"sample", "folder", "--set", "a=1", "file", "--set=b=2"});
  CHECK(sample.run_folder == "folder");
  CHECK(sample.input == "file");
  CHECK(sample.set == Words{"a=1", "b=2"});
}

TEST_CASE("arguments: a value that is missing after `=` is not the next word", "[cli][usage][error]") {
  for (const auto& words : {Words{"translate", "--set=", "folder"}, Words{"evaluate", "folder", "--reference="},
                            Words{"translate", "--beam=", "folder"}}) {
    CAPTURE(words);
    const auto ran = run_program(words);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring("=: a value is missing after `=`"));
  }
  cli::Commands commands;
  CHECK(read(commands, {"sample", "--", "--set="}).run_folder == "--set=");
}

TEST_CASE("arguments: every command finds its file behind `--set`", "[cli][usage]") {
  const auto words = GENERATE(Words{"train"}, Words{"prepare"}, Words{"config", "check"}, Words{"translate"},
                              Words{"evaluate"}, Words{"study", "plan"});
  const std::string option = words.front() == "study" ? "--only" : "--set";
  const std::string value = words.front() == "study" ? "row" : "decode.beam=2";
  for (const auto& given : {Words{option, value}, Words{option + "=" + value}}) {
    auto all = words;
    all.insert(all.end(), given.begin(), given.end());
    all.emplace_back("nowhere");
    CAPTURE(all);
    const auto ran = run_program(all);
    CHECK(ran.code != 0);
    CHECK_THAT(ran.err, ContainsSubstring("nowhere") && !ContainsSubstring("nowhere: expected"));
  }
}

}  // namespace seq2seq::test
