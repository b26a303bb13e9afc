#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "test/config/sample.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::config {

using seq2seq::test::ContainsSubstring;
using test::faults_of;
using test::Sample;
using Cases = std::vector<std::pair<std::string, std::string>>;

namespace {

struct BeamGroups {
  int64_t number = 1;
  double strength = 0;
};
void declare(Keys& keys, BeamGroups& groups) {
  keys.add("number", groups.number, "");
  keys.add("strength", groups.strength, "");
}

}  // namespace

TEST_CASE("reader: an unknown key names its place, the nearest one and where all are listed",
          "[config][reader][error]") {
  CHECK(faults_of("train:\n  optimizer:\n    learning_rat: 1\n") ==
        "a.yaml:3:5: unknown key `train.optimizer.learning_rat`; did you mean "
        "`train.optimizer.learning_rate`? "
        "`seq2seq config reference train.optimizer` lists them all");
  CHECK(faults_of("xyzzy: 1\n") == "a.yaml:1:1: unknown key `xyzzy`. `seq2seq config reference` lists them all");
}

TEST_CASE("reader: a key in the wrong section is told where it belongs", "[config][reader][error]") {
  CHECK(faults_of("data:\n  learning_rate: 1\n") ==
        "a.yaml:2:3: unknown key `data.learning_rate`; did you mean `train.optimizer.learning_rate`? "
        "`seq2seq config reference data` lists them all");
  CHECK_THAT(faults_of("learning-rate: 1\n"), ContainsSubstring("; did you mean `train.optimizer.learning_rate`?"));
  CHECK_THAT(faults_of("train.optimizer.beta1: 1\n"), ContainsSubstring("; did you mean `train.optimizer.beta1`?"));
}

TEST_CASE("overrides: a fault names the option as typed", "[config][override][error]") {
  CHECK(faults_of("", {"train.optimizer.learning_rat=1"}) ==
        "--set train.optimizer.learning_rat=1: unknown key `train.optimizer.learning_rat`; did you mean "
        "`train.optimizer.learning_rate`? `seq2seq config reference train.optimizer` lists them all");
  CHECK(faults_of("", {"train.epochs=0"}) ==
        "--set train.epochs=0: `train.epochs`: expected a whole number of at least 1 and at most 100 (epochs), found "
        "`0`");
  CHECK_THAT(faults_of("", {"name=@x"}), ContainsSubstring("--set name=@x: not valid YAML: ") &&
                                             ContainsSubstring("Quote the value: key='\"value\"'"));
}

TEST_CASE("overrides: without a key or a value the form is shown", "[config][override][error]") {
  const std::string typed = GENERATE("train.epochs", "=3", "train.=3", ".epochs=3", "a..b=3", "");
  REQUIRE_THROWS_AS(parse_override(typed), UsageError);
  REQUIRE_THROWS_WITH(parse_override(typed),
                      "--set " + typed + ": expected a key and a value, as in `--set train.epochs=3`");
}

TEST_CASE("reader: a value of the wrong type says what was expected and what was found", "[config][reader][error]") {
  const std::string whole = "expected a whole number of at least 1 and at most 100 (epochs), found ";
  for (const auto& [text, fault] : Cases{
           {"train: {epochs: many}", "a.yaml:1:17: `train.epochs`: " + whole + "`many`"},
           {"train: {epochs: 1.5}", "a.yaml:1:17: `train.epochs`: " + whole + "`1.5`"},
           {"train: {epochs: '5'}",
            "a.yaml:1:17: `train.epochs`: " + whole + "`\"5\"`, a quoted string: remove the quotes"},
           {"train: {epochs: }", "a.yaml:1:9: `train.epochs`: " + whole + "nothing"},
           {"train: {epochs: [5]}", "a.yaml:1:17: `train.epochs`: " + whole + "a list"},
           {"train: {epochs: {a: 5}}", "a.yaml:1:17: `train.epochs`: " + whole + "a section"},
           {"train: {updates: x}",
            "a.yaml:1:18: `train.updates`: expected a whole number of at least 1 or `null`, found `x`"},
           {"train: {limit: x}", "a.yaml:1:16: `train.limit`: expected a number of at least 0, found `x`"},
           {"name: ",
            "a.yaml:1:1: `name`: expected a string, found nothing: write `\"\"` for an empty string, `\"null\"` for "
            "the "
            "word"},
           {"name: [a]", "a.yaml:1:7: `name`: expected a string, found a list"},
           {"data: {metrics: {a: b}}",
            "a.yaml:1:17: `data.metrics`: expected one of `perplexity`, `bleu`, `wer`, or a list, "
            "as in `[a, b]`, found a section"},
           {"data: {references: [[a]]}",
            "a.yaml:1:20: `data.references`: expected a path, or a list, as in `[a, b]`, found a list"},
           {"data: {shares: [1, many]}",
            "a.yaml:1:16: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in "
            "`[a, b]`, "
            "found `many`"},
           {"data: {shares: [1, '2']}",
            "a.yaml:1:16: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in "
            "`[a, b]`, "
            "found `\"2\"`, a quoted string: remove the quotes"},
           {"data: {shares: [1, -2]}",
            "a.yaml:1:16: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in "
            "`[a, b]`, "
            "found `-2`"},
           {"data: {shares: 10}",
            "a.yaml:1:16: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in "
            "`[a, b]`, "
            "found `10`"},
           {"data: {shares: {a: 1}}",
            "a.yaml:1:16: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in "
            "`[a, b]`, "
            "found a section"},
           {"data: {shares: }",
            "a.yaml:1:8: `data.shares`: expected a number of at least 0 and below 10, or a list of numbers, as in `[a, "
            "b]`, "
            "found nothing"},
           {"data: 5", "a.yaml:1:7: `data` is a section: expected keys below it, `data.train` for one, found `5`"},
           {"data: [a]", "a.yaml:1:7: `data` is a section: expected keys below it, `data.train` for one, found a list"},
       }) {
    CAPTURE(text);
    if (text.rfind("data: 5", 0) == 0 || text.rfind("data: [", 0) == 0) {
      // A value that is not a section has no keys, so the override of the sample is not compared.
      CHECK_THAT(faults_of(text), ContainsSubstring(fault));
    } else {
      CHECK(faults_of(text) == fault);
    }
  }
}

TEST_CASE("reader: only true and false are truth values", "[config][reader][error]") {
  const std::string value = GENERATE("yes", "True", "on", "1", "\"true\"");
  CAPTURE(value);
  REQUIRE(faults_of("train: {optimizer: {fused: " + value + "}}") ==
          "a.yaml:1:28: `train.optimizer.fused`: expected `true` or `false`, found `" + value + "`");
}

TEST_CASE("reader: of sections that a command does not need nothing is missing, and all that is given is checked",
          "[config][reader][error]") {
  const auto faults = [](const std::string& text, const std::string& section) -> std::string {
    Sample sample;
    try {
      read_text(text, "a.yaml", "/configs", {}, sample.keys, {.section = section});
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  const std::string rule = "train: {optimizer: {beta1: 1}}";  // breaks a rule of the section
  CHECK_THAT(faults(rule, ""), ContainsSubstring("missing key `data.train`"));
  CHECK_THAT(faults("data: {train: t}\n" + rule, ""), ContainsSubstring("must lie below 1"));
  CHECK(faults("data: {train: t}\n" + rule, "data").empty());
  CHECK(faults("seed: 2", "train").empty());
  CHECK_THAT(faults(rule, "train"), ContainsSubstring("must lie below 1"));
  CHECK_THAT(faults("seed: 2", "data"), ContainsSubstring("missing key `data.train`"));
  CHECK_THAT(faults("data: {train: t}\ntrain: {epochs: 0}", "data"), ContainsSubstring("`train.epochs`: expected"));
}

TEST_CASE("reader: a value out of bounds is told with the bounds", "[config][reader][error]") {
  CHECK(faults_of("train: {epochs: 1}").empty());
  CHECK(faults_of("train: {epochs: 100}").empty());
  CHECK_THAT(faults_of("train: {epochs: 101}"),
             ContainsSubstring("expected a whole number of at least 1 and at most 100 (epochs), found `101`"));
  CHECK_THAT(faults_of("train: {optimizer: {learning_rate: 0}}"),
             ContainsSubstring("expected a number above 0, found `0`"));
  CHECK_THAT(faults_of("train: {optimizer: {learning_rate: 0x}}"), ContainsSubstring("found `0x`"));
}

TEST_CASE("reader: a word that is none of the choices names all and the nearest", "[config][reader][error]") {
  CHECK(faults_of("data: {reverse: sorce}") ==
        "a.yaml:1:17: `data.reverse`: expected one of `none`, `source`, `target`, found `sorce`; the nearest is "
        "`source`");
  CHECK_THAT(faults_of("data: {metrics: [bleu, blue]}"), ContainsSubstring("found `blue`; the nearest is `bleu`"));
}

TEST_CASE("reader: a key given twice names both places", "[config][reader][error]") {
  CHECK(faults_of("seed: 1\nname: x\nseed: 1\n") == "a.yaml:3:1: duplicate key `seed`; first on line 1");
  CHECK_THAT(faults_of("train: {epochs: 1, epochs: 2}"),
             ContainsSubstring("a.yaml:1:20: duplicate key `epochs`; first on line 1"));
}

TEST_CASE("reader: a missing key is told at its section, with its meaning", "[config][reader][error]") {
  const auto missing = [](const std::string& text) {
    Sample sample;
    try {
      read_text(text, "a.yaml", "/", {}, sample.keys);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(missing("seed: 1") == "a.yaml: missing key `data.train` (file of sentences)");
  CHECK(missing("seed: 1\ndata: {}") == "a.yaml:2:1: missing key `data.train` (file of sentences)");
  CHECK(missing("data: {train: \"\"}") == "a.yaml:1:15: `data.train`: must not be empty");
}

TEST_CASE("reader: a broken rule is told at its key, or at the section that lacks it", "[config][reader][error]") {
  CHECK(faults_of("train:\n  optimizer:\n    beta1: 1.5") == "a.yaml:3:5: `train.optimizer.beta1`: must lie below 1");
  CHECK(faults_of("", {"train.optimizer.beta1=2"}) ==
        "--set train.optimizer.beta1=2: `train.optimizer.beta1`: must lie below 1");
  Sample sample;
  sample.train.optimizer.beta1 = 3;
  REQUIRE_THROWS_WITH(sample.read("train:\n  optimizer: {fused: true}"),
                      "a.yaml:2:3: `train.optimizer.beta1`: must lie below 1");
}

TEST_CASE("reader: a rule that an option breaks is told at the option, with the place of its key",
          "[config][reader][override][error]") {
  double limit = 1, used = 1, others = 1;
  Keys keys;
  keys.add("limit", limit, "");
  keys.add("used", used, "");
  keys.add("others", others, "");
  keys.rule("limit", [&] { return used <= limit ? "" : "must be at least as large as `used`"; });
  const std::vector<Override> typed{parse_override("used=5"), parse_override("others=2")};
  CHECK_THROWS_WITH(read_text("limit: 3", "a.yaml", "/configs", typed, keys),
                    "--set used=5: `limit` (a.yaml:1:1): must be at least as large as `used`");
  CHECK_THROWS_WITH(read_text("limit: 3\nused: 5", "a.yaml", "/configs", {parse_override("others=2")}, keys),
                    "a.yaml:1:1: `limit`: must be at least as large as `used`");
}

TEST_CASE("reader: of the options for a section, a broken rule names only one that it speaks of",
          "[config][reader][override][error]") {
  BeamGroups groups;
  int64_t beam = 5;
  Keys keys;
  keys.add("beam", beam, "");
  keys.section("groups", groups, "");
  keys.rule("groups", [&] { return beam % groups.number == 0 ? "" : "cannot divide `beam`"; });
  keys.rule("beam", [&] { return groups.number <= beam ? "" : "must be at least `groups.number`"; });
  const std::string file = "beam: 5\ngroups: {number: 2}";
  CHECK_THROWS_WITH(read_text(file, "a.yaml", "/configs", {parse_override("groups.strength=0.7")}, keys),
                    "a.yaml:2:1: `groups`: cannot divide `beam`");
  CHECK_THROWS_WITH(
      read_text("beam: 2\ngroups: {number: 1}", "a.yaml", "/configs", {parse_override("groups={number: 4}")}, keys),
      ContainsSubstring("--set groups={number: 4}: `beam` (a.yaml:1:1): must be at least"));
}

TEST_CASE("reader: a rule waits until every key of its section has been read without fault",
          "[config][reader][error]") {
  for (const auto* wrong : {"beta1: 1.5, fusd: true", "beta1: 1.5, beta1: 2", "beta1: !!float 1.5"}) {
    CAPTURE(wrong);
    CHECK(faults_of(fmt::format("train: {{optimizer: {{{}}}}}", wrong)).find("below 1") == std::string::npos);
  }
}

TEST_CASE("reader: what is wrong elsewhere keeps no rule from being asked", "[config][reader][error]") {
  CHECK(faults_of("seed: x\ntrain: {epoch: 1, optimizer: {beta1: 1.5}}\nseed: 1").find("must lie below 1") !=
        std::string::npos);
}

TEST_CASE("reader: the rules of a section that may be misspelled wait", "[config][reader][error]") {
  Sample sample;
  sample.train.optimizer.beta1 = 3;
  REQUIRE_THROWS_WITH(sample.read("trian: {epochs: 1}"), !ContainsSubstring("must lie below 1"));
}

TEST_CASE("reader: all faults are told at once, those of the file by place, then those of the options",
          "[config][reader][error]") {
  const std::string faults =
      faults_of("train: {epochs: 0, epoch: 1}\nseed: 1\nseed: x\ndata: {reverse: up}\n", {"name=[a]", "train.limit=x"});
  std::vector<std::string> places;
  for (size_t start = 0; start < faults.size();) {
    const size_t end = std::min(faults.find('\n', start), faults.size());
    places.push_back(faults.substr(start, faults.find(": ", start) - start));
    start = end + 1;
  }
  REQUIRE(places == std::vector<std::string>{"a.yaml:1:17", "a.yaml:1:20", "a.yaml:3:1", "a.yaml:4:17",
                                             "--set name=[a]", "--set train.limit=x"});
}

TEST_CASE("choice: a key of another kind says whose it is", "[config][choice][error]") {
  CHECK(faults_of("train:\n  schedule:\n    kind: constant\n    from_epoch: 5\n") ==
        "a.yaml:4:5: `from_epoch` is a key of kind `halve`, but `kind` is `constant`. Remove it, or change `kind`");
  CHECK(faults_of("train: {schedule: {every_epochs: 5}}") ==
        "a.yaml:1:20: `every_epochs` is a key of kinds `halve`, `warmup`, but `kind` is `constant`. Remove it, or "
        "change `kind`");
  CHECK_THAT(
      faults_of("train: {schedule: {kind: warmup}}", {"train.schedule.kind=halve", "train.schedule.updates=5"}),
      ContainsSubstring("--set train.schedule.updates=5: `updates` is a key of kind `warmup`, but `kind` is `halve`"));
}

TEST_CASE("choice: an unknown kind is the only fault of its section", "[config][choice][error]") {
  CHECK(faults_of("train: {schedule: {kind: halv, from_epoch: x}}") ==
        "a.yaml:1:26: `train.schedule.kind`: expected one of `constant`, `halve`, `warmup`, found `halv`; the nearest "
        "is `halve`");
}

TEST_CASE("choice: an unknown key is compared with those of the kind", "[config][choice][error]") {
  CHECK_THAT(faults_of("train: {schedule: {kind: halve, from_epochs: 1}}"),
             ContainsSubstring("unknown key `train.schedule.from_epochs`; did you mean `train.schedule.from_epoch`? "
                               "`seq2seq config reference train.schedule` lists them all"));
}

TEST_CASE("reader: what is no YAML is told with its place", "[config][reader][error]") {
  const std::string text = GENERATE("a: [1\nb: 2", "seed: 1\n\tname: x", "a: b: c", "a: *none", "'open", "a: @x",
                                    "{a: 1", "a: %b", "? [a, b]: c\n- x");
  CAPTURE(text);
  const std::string fault = faults_of(text);
  CAPTURE(fault);
  REQUIRE_THAT(fault, ContainsSubstring(": not valid YAML: "));
  REQUIRE(fault.rfind("a.yaml:", 0) == 0);
  REQUIRE((fault[7] >= '1' && fault[7] <= '9'));
  REQUIRE(fault.find('\n') == std::string::npos);
}

TEST_CASE("reader: a tab that YAML does not take is named", "[config][reader][error]") {
  CHECK_THAT(faults_of("seed: 1\ndata:\n\tname: x\n"),
             ContainsSubstring("Line 3, column 1 has a tab; YAML allows only spaces for indentation"));
}

TEST_CASE("reader: what is YAML but no configuration is told with its place", "[config][reader][error]") {
  for (const auto& [text, fault] : Cases{
           {"- a", "a.yaml:1:1: expected keys with values, as in `seed: 1`, found a list"},
           {"word", "a.yaml:1:1: expected keys with values, as in `seed: 1`, found `word`"},
           {"seed: 1\n---\nseed: 2",
            "a.yaml:2:1: a second document starts here. Only one is allowed: remove the line `---`, or everything "
            "after it"},
           {",", "a.yaml:1:1: not valid YAML: `,` is not expected here"},
           {",a: [b", "a.yaml:1:1: not valid YAML: `,a: [b` is not expected here"},
           {"seed: 1\n...\n, name: run, epochs", "a.yaml:3:1: not valid YAML: `, name: run,` is not expected here"},
           {"seed: !!int 1",
            "a.yaml:1:7: tags such as `tag:yaml.org,2002:int` are not supported. Write the value without the tag"},
           {"[a, b]: 1", "a.yaml:1:1: the name of a key must be a plain word"},
           {"seed: 1\nname: \xC3(", "a.yaml:2:7: byte 0xC3 begins an incomplete character (not UTF-8)"},
           {"<<: {seed: 1}", "a.yaml:1:1: unknown key `<<`. `seq2seq config reference` lists them all"},
       }) {
    CAPTURE(text);
    CHECK(faults_of(text) == fault);
  }
}

TEST_CASE("reader: a file made to exhaust memory is refused", "[config][reader][error]") {
  std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string before = std::string("*") + static_cast<char>(name - 1);
    laughs += std::string(1, name) + ": &" + name + " [" + before;
    for (int i = 0; i < 9; ++i) laughs += ", " + before;
    laughs += "]\n";
  }
  CHECK_THAT(faults_of(laughs), ContainsSubstring("more than 100,000 values, too many for a configuration"));
  CHECK_THAT(faults_of("a: " + std::string(40, '[') + std::string(40, ']')),
             ContainsSubstring("sections and lists are nested more than 32 levels deep"));
  CHECK(faults_of(std::string(100000, '[')) ==
        "a.yaml:1:33: not valid YAML: sections and lists are nested too deeply");  // more than the library reads
  CHECK(faults_of("a:\n  " + std::string(100000, '{')) ==
        "a.yaml:2:35: not valid YAML: sections and lists are nested too deeply");
  CHECK_THAT(faults_of("a: &a [*a]"), ContainsSubstring("a.yaml"));
  CHECK_THAT(faults_of(std::string(2000000, 'x')),
             ContainsSubstring("a.yaml: is larger than 1 MiB, too large for a configuration"));
  std::string repeated = "a: &a " + std::string(10'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 500; ++i) repeated += ", *a";
  CHECK_THAT(faults_of(repeated + "]"), ContainsSubstring("values of more than 4 MiB, too large for a configuration"));
  std::string path = "a";
  for (int i = 0; i < 1000; ++i) path += ".a";
  CHECK_THAT(faults_of("", {path + "=1"}), ContainsSubstring("unknown key"));
}

TEST_CASE("reader: of many faults the first hundred are told", "[config][reader][error]") {
  std::string keys;
  for (int i = 0; i < 1000; ++i) keys += "key" + std::to_string(i) + ": 1\n";
  const auto some = faults_of(keys);
  CHECK_THAT(some, ContainsSubstring("a.yaml:100:1: unknown key `key99`") &&
                       ContainsSubstring("too many errors; fix these first to see the others"));
  CHECK(std::count(some.begin(), some.end(), '\n') == 100);
  CHECK_THAT(faults_of(keys + keys),
             ContainsSubstring("a section has more than 1,000 keys, too many for a configuration"));
}

TEST_CASE("reader: a file that cannot be read is a fault of usage", "[config][reader][error]") {
  Sample sample;
  REQUIRE_THROWS_AS(read_file("/none/a.yaml", {}, sample.keys), UsageError);
  REQUIRE_THROWS_WITH(read_file("/none/a.yaml", {}, sample.keys),
                      "/none/a.yaml: cannot be read: No such file or directory");
}

TEST_CASE("keys: a name declared twice in a section is the programmer's fault", "[config][keys][error]") {
  Keys keys;
  int64_t value = 0;
  keys.add("from_epoch", value, "");
  REQUIRE_THROWS_AS(keys.add("from_epoch", value, ""), std::logic_error);
  const auto kinds = test::schedules();
  Selection selection{"constant", nullptr};
  REQUIRE_THROWS_WITH(keys.select_here("schedule", selection, kinds, ""), "key `from_epoch` is declared twice");
}

}  // namespace seq2seq::config
