#include <algorithm>

#include <fmt/format.h>

#include "test/cli/program.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("usage: help and version are answered on standard output with 0", "[cli][usage]") {
  const auto version = run_program({"--version"});
  CHECK(version.code == 0);
  CHECK_THAT(version.out, ContainsSubstring("LibTorch"));
  const auto help = run_program({"--help"});
  CHECK(help.code == 0);
  for (const auto& command : cli::builtin_commands()) {
    CAPTURE(command->name());
    std::vector<std::string> words;
    std::istringstream name(command->name());
    for (std::string word; name >> word;) words.push_back(word);
    CHECK_THAT(help.out, ContainsSubstring(words.front()));
    words.push_back("--help");
    const auto of_command = run_program(words);
    CHECK(of_command.code == 0);
    CHECK_THAT(of_command.out, ContainsSubstring(command->about()));
    CHECK(of_command.err.empty());
    CHECK(std::count(of_command.out.begin(), of_command.out.end(), '\n') > 5);
    const auto examples = command->help().examples;
    CHECK(examples.size() == 2);
    for (const auto& example : examples) {
      CHECK(example.starts_with(command->name()));
      CHECK_THAT(of_command.out, ContainsSubstring("\n  seq2seq " + example + "\n"));
    }
    CHECK_THAT(of_command.out, ContainsSubstring("Documentation: " + command->help().page));
  }
}

TEST_CASE("usage: pages that the help names are there, and its examples are read", "[cli][usage]") {
  auto helps = std::vector{cli::program_help()};
  for (const auto& group : cli::builtin_groups()) helps.push_back(group.help);
  for (const auto& command : cli::builtin_commands()) helps.push_back(command->help());
  for (const auto& help : helps) {
    const auto page = help.page.substr(0, help.page.find_first_of(" ,;"));
    CAPTURE(page);
    CHECK(fs::exists(fs::path(SEQ2SEQ_SOURCE_DIR) / page));
    for (const auto& example : help.examples) {
      CAPTURE(example);
      std::vector<std::string> words;
      std::istringstream text(example.substr(0, example.find_first_of(">|")));
      for (std::string word; text >> word;) words.push_back(word);
      const auto commands = cli::builtin_commands();
      std::ostringstream out, err;
      CHECK(cli::parse(words, commands, {}, out, err) != nullptr);
      for (const auto& word : words) {
        if (word.starts_with("configs/") || word.starts_with("experiments/"))
          CHECK(fs::exists(fs::path(SEQ2SEQ_SOURCE_DIR) / word));
      }
    }
  }
}

TEST_CASE("usage: `help` is `--help`, of the program and of each command", "[cli][usage]") {
  CHECK(run_program({"help"}).out == run_program({"--help"}).out);
  CHECK(run_program({"help", "train"}).out == run_program({"train", "--help"}).out);
  CHECK(run_program({"help", "study", "run"}).out == run_program({"study", "run", "--help"}).out);
  CHECK_THAT(run_program({"help"}).out,
             ContainsSubstring("seq2seq init first --source text.en") && ContainsSubstring("docs/index.md"));
}

TEST_CASE("usage: without a command, what there is and two examples come before the error", "[cli][usage][error]") {
  const auto whole = run_program({});
  CHECK(whole.code == 2);
  CHECK_THAT(whole.err, ContainsSubstring(cli::program_summary) &&
                            ContainsSubstring("seq2seq train first/config.yaml") && ContainsSubstring("docs/index.md"));
  for (const auto& group : cli::builtin_groups()) {
    CAPTURE(group.name);
    const auto ran = run_program({group.name});
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring(group.about) && ContainsSubstring(group.help.examples[1]) &&
                            ContainsSubstring("a command is missing after `seq2seq " + group.name + "`"));
    CHECK_THAT(run_program({"--help"}).out, ContainsSubstring(group.about));
  }
}

TEST_CASE("usage: messages and help name the program as it was called", "[cli][usage]") {
  const Toy toy(copied);
  const std::string program = "build/release/seq2seq";
  const auto call = [&program](const std::vector<std::string>& words) { return run_program(words, {}, {}, program); };
  CHECK_THAT(call({"train"}).err,
             ContainsSubstring("`build/release/seq2seq train --help`") && !ContainsSubstring("`seq2seq"));
  CHECK_THAT(call({"translate", "--beem", "3", "x"}).err,
             ContainsSubstring("`build/release/seq2seq translate --help`"));
  CHECK_THAT(call({"config", "check", (toy / "toy.yaml").string(), "--set", "decode.bim=3"}).err,
             ContainsSubstring("`build/release/seq2seq config reference decode`"));
  CHECK_THAT(call({"train", "--help"}).out, ContainsSubstring("\n  build/release/seq2seq train configs/g2p.yaml"));
  CHECK_THAT(call({"evaluate", (toy / "nothing").string()}).err, !ContainsSubstring("`seq2seq "));
}

TEST_CASE("usage: what the program does not know is refused with 2 and the nearest it knows", "[cli][usage][error]") {
  struct Case {
    std::vector<std::string> words;
    std::string problem;
  };
  const auto [words, problem] = GENERATE(
      Case{{}, "a command is missing"}, Case{{"trian"}, "trian: unknown command; did you mean `train`?"},
      Case{{"config", "chek"}, "did you mean `check`?"},
      Case{{"translate", "--beem", "3", "x"}, "--beem: unknown option; did you mean `--beam`?"},
      Case{{"train", "--updates", "3", "x"}, "to set a configuration key, use `--set section.key=value`"},
      Case{{"translate", "--beem=3", "x"}, "did you mean `--beam`?"}, Case{{"translate"}, "RUN"},
      Case{{"translate", "--placement", "run", "--device", "cpu", "x"},
           "--placement run: cannot be combined with `--device`"},
      Case{{"score", "a", "b"}, "nothing to score; add a file of targets"},
      Case{{"score", "a", "b", "c", "--n-best", "d"}, "c: cannot be combined with `--n-best`"},
      Case{{"score", "a", "b", "--n-best", "d", "--per-token"}, "--per-token: cannot be combined with `--n-best`"},
      Case{{"score", "a", "b", "--n-best", "d", "--feature", "x=y"}, "--feature x=y: must be a word"},
      Case{{"score", "a", "b", "c", "--feature", "x"}, "--feature x: needs `--n-best`"},
      Case{{"score", "a", "b", "c", "d"}, "d: is not an argument of `seq2seq score`"},
      Case{{"train"}, "nothing to train"},
      Case{{"train", "--resume", "x", "--run", "y"}, "--run: cannot be combined with `--resume`"},
      Case{{"train", "x.yaml", "--resume", "x"}, "x.yaml: cannot be combined with `--resume`"},
      Case{{"train", "x.yaml", "--checkpoint", "5"}, "--checkpoint 5: needs `--resume`"},
      Case{{"train", "x.yaml", "--threads", "two"}, "--threads two"},
      Case{{"train", "x.yaml", "--threads", "-1"}, "-1"}, Case{{"train", "x.yaml", "--device", "tpu"}, "`tpu`"},
      Case{{"train", "x.yaml", "--set", "seed"}, "--set"},
      Case{{"evaluate", "x", "--source", "y"}, "give both or neither"},
      Case{{"states", "run", "--output", "x.npz"},
           "--output x.npz: unknown format `.npz`. Use `.npy` for a NumPy array, or `.tsv`"},
      Case{{"train", "x.yaml", "--explain", "--timeline", "y"},
           "--timeline y: cannot be combined with `--explain`, which does not train"},
      Case{{"init", "x"}, "`--source FILE` and `--target FILE` are missing"},
      Case{{"init", "x", "--source", "a", "--pairs", "b"}, "1 file of `--source`, but 0 of `--target`"},
      Case{{"init", "x", "--pairs", "a", "--test-target", "b"},
           "0 files of `--test-source`, but 1 of `--test-target`"});
  CAPTURE(words);
  const auto ran = run_program(words);
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, ContainsSubstring(problem));
}

TEST_CASE("usage: empty paths are refused, as of an unset variable", "[cli][usage][error]") {
  const auto [words, option] = GENERATE(
      table<std::vector<std::string>, std::string>({{{"inspect", ""}, "PATH"},
                                                    {{"translate", "run", "--output", ""}, "--output \"\""},
                                                    {{"train", "x.yaml", "--run", ""}, "--run \"\""},
                                                    {{"init", "", "--source", "a", "--target", "b"}, "FOLDER"},
                                                    {{"study", "run", "x.yaml", "--runs", ""}, "--runs \"\""}}));
  const auto ran = run_program(words);
  CAPTURE(words, ran.err);
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, ContainsSubstring(option + ": must not be empty"));
}

TEST_CASE("usage: an output never replaces an input", "[cli][usage][error]") {
  const TemporaryFolder folder;
  const auto file = folder.file("a", "text\n").string(), other = folder.file("b", "text\n").string();
  fs::create_hard_link(file, folder / "hard");
  fs::create_symlink(file, folder / "soft");
  const auto hard = (folder / "hard").string(), soft = (folder / "soft").string();
  for (const auto& words : std::vector<std::vector<std::string>>{{"rescore", "run", file, other, "--output", hard},
                                                                 {"rescore", "run", other, file, "--output", soft},
                                                                 {"states", "run", file, "--output", file},
                                                                 {"translate", "run", file, "--output", hard},
                                                                 {"plan", file, "--svg", soft},
                                                                 {"plan", file, "--svg", other, "--trace", other}}) {
    const auto ran = run_program(words);
    CAPTURE(words, ran.err);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring("is also the file of"));
  }
  CHECK(content_of(file) == "text\n");
}

TEST_CASE("usage: more threads than processors are warned of", "[cli]") {
  const Toy toy(copied);
  CHECK_THAT(run_program({"translate", (toy / "no-run").string(), "--threads", "4096"}).err,
             ContainsSubstring("--threads 4096: only ") && ContainsSubstring("make it slower"));
}

TEST_CASE("usage: a misspelled key is told with the option as typed, the key and the nearest one",
          "[cli][config][error]") {
  const Toy toy(copied);
  const auto ran = run_program({"train", (toy / "toy.yaml").string(), "--set", "train.optimizer.learning_rat=1"});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err,
             ContainsSubstring("--set train.optimizer.learning_rat=1: unknown key "
                               "`train.optimizer.learning_rat`; did you mean `train.optimizer.learning_rate`?"));
}

TEST_CASE("config: every fault of a file is told at once, one a line; a valid one is said to be",
          "[cli][config][error]") {
  const Toy toy(copied);
  CHECK(run_program({"config", "check", (toy / "toy.yaml").string()}).code == 0);
  const auto early = run_program({"config", "check", (toy / "toy.yaml").string(), "--set", "data.test.source=later"});
  CHECK(early.code == 0);
  CHECK_THAT(early.out, ContainsSubstring("valid\nmissing: ") && ContainsSubstring("/later\n"));
  const auto valid = content_of(toy / "toy.yaml");
  const auto file = toy.folder().file("wrong.yaml", valid + "decoder: 3\nsed: 2\n");
  const auto lines = std::count(valid.begin(), valid.end(), '\n');
  const auto ran = run_program({"config", "check", file.string(), "--set", "decode.beam=0"});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, ContainsSubstring(fmt::format("wrong.yaml:{}:1: unknown key `decoder`", lines + 1)));
  CHECK_THAT(ran.err, ContainsSubstring(fmt::format("wrong.yaml:{}:1: unknown key `sed`", lines + 2)));
  CHECK_THAT(ran.err, ContainsSubstring("--set decode.beam=0"));
}

TEST_CASE("config: the reference has every section, and one section alone when asked", "[cli][config]") {
  const auto all = run_program({"config", "reference"});
  CHECK(all.code == 0);
  for (const auto* key : {"seed", "initial_range", "learning_rate", "warmup_updates", "beam", "tokenizer", "preset"})
    CHECK_THAT(all.out, ContainsSubstring(key));
  const auto section = run_program({"config", "reference", "decode"});
  CHECK_THAT(section.out, ContainsSubstring("beam"));
  CHECK_THAT(section.out, !ContainsSubstring("learning_rate"));
  const auto of_kinds = run_program({"config", "reference", "train.optimizer.beta1"});
  CHECK_THAT(of_kinds.out, ContainsSubstring("with `train.optimizer.kind: adam`:\n    beta1: "));
  CHECK_THAT(of_kinds.out, ContainsSubstring("with `train.optimizer.kind: adamw`:\n    beta1: "));
  CHECK_THAT(run_program({"config", "reference", "beta1"}).err,
             ContainsSubstring("the nearest is `train.optimizer.beta1`"));
  const auto unknown = run_program({"config", "reference", "decod"});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, ContainsSubstring("decode"));
}

TEST_CASE("config: what `check --show` prints reads back to the same", "[cli][config]") {
  const Toy toy(copied);
  const auto shown = run_program({"config", "check", (toy / "toy.yaml").string(), "--show"});
  const auto file = toy.folder().file("shown/again.yaml", shown.out);
  CHECK(run_program({"config", "check", file.string(), "--show"}).out == shown.out);
}

TEST_CASE("usage: with `--quiet`, `init` and `prepare` print nothing", "[cli][init][prepare]") {
  const Toy toy(copied, /*letters=*/4);
  const auto text = [&toy](const char* name) { return (toy / name).string(); };
  const std::vector<std::string> init{"init",     text("new"),         "--source", text("train.source"),
                                      "--target", text("train.target")},
      prepare{"prepare", text("toy.yaml"), "--set", "data.prepared=" + text("prepared")};
  for (auto words : {init, prepare}) {
    words.emplace_back("--quiet");
    const auto ran = run_program(words);
    CAPTURE(words, ran.err);
    CHECK(ran.code == 0);
    CHECK(ran.out.empty());
    CHECK(ran.err.empty());
  }
  CHECK_THAT(run_program(prepare).out, ContainsSubstring("SHA-256"));
}

TEST_CASE("usage: sizes that no memory holds are refused, before anything is allocated", "[cli][config][error]") {
  const Toy toy(copied);
  const auto key = GENERATE(as<std::string>{}, "model.embedding.size", "model.encoder.cells", "model.decoder.cells",
                            "decode.n_best", "decode.batch", "decode.max_length.limit", "data.max_length",
                            "data.source.vocabulary.size", "train.batch.prefetch", "train.accumulate");
  const auto ran = run_program({"config", "check", (toy / "toy.yaml").string(), "--set", key + "=9000000000000000000"});
  CAPTURE(ran.err);
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, ContainsSubstring(key + "`: expected a whole number of at least ") &&
                          ContainsSubstring(" and at most 1000000"));
}

}  // namespace seq2seq::test
