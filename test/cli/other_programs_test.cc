#include "seq2seq/cli/other_programs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "test/cli/program.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("usage: commands and options of other programs are answered by ours", "[cli][usage][error]") {
  struct Case {
    std::vector<std::string> words;
    std::string problem;
  };
  const auto [words, problem] = GENERATE(
      Case{{"TRAIN"}, "TRAIN: unknown command; did you mean `train`?"},
      Case{{"eval"}, "eval: unknown command; did you mean `evaluate`?"},
      Case{{"test", "x"}, "did you mean `evaluate`?"}, Case{{"generate"}, "did you mean `translate`?"},
      Case{{"predict"}, "did you mean `translate`?"}, Case{{"infer"}, "did you mean `translate`?"},
      Case{{"preprocess"}, "did you mean `prepare`?"}, Case{{"binarize"}, "did you mean `prepare`?"},
      Case{{"help", "trian"}, "trian: unknown command; did you mean `train`"},
      Case{{"help", "study", "rnu"}, "rnu: unknown command; did you mean `run`?"},
      Case{{"trian", "--help"}, "trian: unknown command"},
      Case{{"help", "train", "lr"}, "lr: is not a command of `seq2seq train`. See `seq2seq train --help`"},
      Case{{"translate", "x", "--input", "f"}, "--input: unknown option; give the file as an argument, `INPUT`."},
      Case{{"translate", "x", "-i", "f"}, "-i: unknown option; give the file as an argument, `INPUT`."},
      Case{{"translate", "x", "--src=f"}, "--src=f: unknown option; give the file as an argument, `INPUT`."},
      Case{{"init", "x", "--src", "f"}, "--src: unknown option; use `--source FILE`."},
      Case{{"train", "x", "--cuda"}, "--cuda: unknown option; use `--device cuda`."},
      Case{{"translate", "x", "--gpu"}, "--gpu: unknown option; use `--device cuda`."},
      Case{{"train", "--config", "x"}, "--config: unknown option; give the file as an argument, `CONFIG`."},
      Case{{"config", "check", "--config", "x"}, "--config: unknown option; give the file as an argument, `FILE`."},
      Case{{"train", "x", "--lr", "1"}, "unknown option; use `--set train.optimizer.learning_rate=VALUE`."},
      Case{{"train", "x", "--epochs=3"}, "unknown option; use `--set train.epochs=VALUE`."},
      Case{{"train", "x", "--batch_size", "3"}, "unknown option; use `--set train.batch.sentences=VALUE`."},
      Case{{"translate", "x", "--batch-size", "3"}, "unknown option; use `--set decode.batch=VALUE`."},
      Case{{"train", "x", "--train.updates", "3"}, "unknown option; use `--set train.updates=VALUE`."},
      Case{{"translate", "x", "--xyzzy"}, "--xyzzy: unknown option. "});
  CAPTURE(words);
  const auto ran = run_program(words);
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, ContainsSubstring(problem));
}

TEST_CASE("usage: a study, a configuration or a folder in place of another is said to be so", "[cli][usage][error]") {
  const Toy toy(copied);
  const auto config = (toy / "toy.yaml").string(), folder = toy.path().string();
  const auto study =
      toy.folder()
          .file("study.yaml", "question: q\nbase: toy.yaml\nseeds: [1]\nrows: [{name: a}]\nmetrics: [ppl]\n")
          .string();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"train", study}, {"config", "check", study}, {"prepare", study}, {"plan", study}}) {
    const auto ran = run_program(words);
    CAPTURE(words, ran.err);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring(
                            study + ": is a study, not the configuration of one run. Use `seq2seq study run " + study));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
  const auto reverse = run_program({"study", "plan", config});
  CHECK(reverse.code == 2);
  CHECK_THAT(reverse.err,
             ContainsSubstring(
                 config + ": is the configuration of one run, not a study. Train it with `seq2seq train " + config));
  CHECK(std::count(reverse.err.begin(), reverse.err.end(), '\n') == 1);

  CHECK_THAT(run_program({"train", folder}).err,
             ContainsSubstring(folder + ": is a folder, not a YAML file. Give a file such as"));
  const auto inside = toy.folder().file("config.yaml", "seed: 1\n").string();
  const auto named = run_program({"train", folder});
  CHECK(named.code == 2);
  CHECK_THAT(named.err, ContainsSubstring("is a folder, not a YAML file. Use the file in it, `" + inside + "`"));
}

}  // namespace seq2seq::test
