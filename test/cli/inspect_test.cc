#include "test/cli/trained_toy.h"
#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("inspect: a run that is spread over places says what lies in each", "[cli][inspect][placement]") {
  const Toy toy(turned);
  const auto run = (toy / "run").string();
  REQUIRE(run_program({"train", (toy / "toy.yaml").string(), "--run", run, "--set", "train.updates=1"}).code == 0);
  CHECK_THAT(run_program({"inspect", run}).out, !ContainsSubstring("places"));
  REQUIRE(run_program({"train", "--resume", run, "--set", "train.updates=2", "--set", "placement.preset=paper", "--set",
                       "placement.devices=[cpu, cpu, cpu]"})
              .code == 0);
  // Word vectors of 2 x 6 words, two layers of an LSTM on each side, an output layer of 6 words.
  CHECK_THAT(
      run_program({"inspect", run}).out,
      ContainsSubstring("places        0 cpu     embeddings, encoder.0, bridge, decoder.0         2,208 parameters") &&
          ContainsSubstring(
              "              1 cpu     encoder.1, decoder.1                             2,496 parameters") &&
          ContainsSubstring(
              "              2 cpu     output [0, 6)                                       78 parameters"));
}

TEST_CASE("inspect: the values of source factors are listed, of a run and of prepared text",
          "[cli][inspect][factors]") {
  const Toy toy(copied);
  toy.folder().file("train.source", "a￨x￨1 b￨y￨1\nc￨x￨1\n");
  toy.folder().file("train.target", "a b\nc\n");
  toy.folder().file("held.source", "a￨x￨1\n");
  toy.folder().file("held.target", "a\n");
  const auto run = (toy / "run").string(), text = (toy / "text").string();
  REQUIRE(
      run_program({"train", (toy / "toy.yaml").string(), "--run", run, "--set", "train.updates=1", "--set",
                   "data.source.factors=2", "--set", "model.factors.sizes=[2, 1]", "--set", "data.prepared=" + text})
          .code == 0);
  for (const auto& path : {run, text}) {
    CAPTURE(path);
    CHECK_THAT(run_program({"inspect", path}).out, ContainsSubstring("factors      factor 1 has 2 values: x 2, y 1\n"
                                                                     "             factor 2 has 1 value: 1 3\n"));
  }
}

TEST_CASE("inspect: epochs are those made, of a run that is finished and of one within an epoch", "[cli][inspect]") {
  const auto [updates, says] =
      GENERATE(std::pair("14", "update 14, 2 epochs"), std::pair("15", "update 15, 2 epochs and 1 batch"));
  const TrainedToy toy(updates);  // of 7 updates per epoch
  CHECK_THAT(run_program({"inspect", toy.run()}).out, ContainsSubstring(std::string(says) + ", "));
  CHECK_THAT(run_program({"inspect", toy.run() + "/checkpoints/" + updates}).out,
             ContainsSubstring(std::string(says) + "; "));
}

TEST_CASE("inspect: a `last` or `best` that names a missing checkpoint is told", "[cli][inspect][error]") {
  const TrainedToy toy;
  const auto best = content_of(toy / "run/checkpoints/best");
  fs::remove_all(toy / "run/checkpoints" / best.substr(0, best.size() - 1));
  const auto ran = run_program({"inspect", toy.run()});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("which is missing") && ContainsSubstring("checkpoints  5, "));
}

TEST_CASE("inspect: a run, its checkpoint and its vocabulary say what they are", "[cli][inspect]") {
  const TrainedToy toy;
  const auto run = run_program({"inspect", toy.run()});
  CHECK(run.code == 0);
  CHECK_THAT(run.out, ContainsSubstring("4,782 parameters"));
  CHECK_THAT(run.out, ContainsSubstring("update 20"));
  CHECK_THAT(run.out, ContainsSubstring("finished (updates)"));
  CHECK_THAT(run.out, ContainsSubstring("perplexity"));
  const auto checkpoint = run_program({"inspect", toy.run() + "/checkpoints/20/"});
  CHECK(checkpoint.code == 0);
  CHECK_THAT(checkpoint.out, ContainsSubstring("encoder.lstm.weight_hh_l1"));
  const auto vocabulary = run_program({"inspect", toy.run() + "/source.vocabulary"});
  CHECK(vocabulary.code == 0);
  CHECK_THAT(vocabulary.out, ContainsSubstring("3 words and 3 special ones"));
  CHECK(run_program({"inspect", toy.file("nowhere")}).code == 1);
}

TEST_CASE("inspect: says what each file of a run is", "[cli][inspect]") {
  const TrainedToy toy;
  const auto list = run_program({"translate", toy.run(), "--n-best", "2", "--beam", "3"}, "a b\nb\n");
  toy.folder().file("list", list.out);
  toy.folder().file("init/config.yaml", content_of(toy / "run/config.yaml"));
  toy.folder().file("weights.jsonl", R"({"sentence": 0, "source": ["a"], "target": ["b"], "weights": [[1]]})"
                                     "\n");
  toy.folder().file("placement.yaml", "placement: {preset: single}\n");
  toy.folder().file("card.json", R"({"format": 1, "splits": {"train": {"pairs": 7}}})");
  using Expected = std::pair<std::string, std::string>;
  for (const auto& [name, says] : {Expected("toy.yaml", "configuration"),
                                   {"init", "configuration"},
                                   {"run/config.yaml", "train.updates "},
                                   {"run/run.json", "4,782 parameters"},
                                   {"run/metrics.jsonl", "validation "},
                                   {"run/source.vocabulary", "3 words"},
                                   {"run/checkpoints/20/weights.safetensors", "encoder.lstm.weight_hh_l1"},
                                   {"run/checkpoints/20/optimizer.safetensors", "seq2seq optimizer"},
                                   {"run/checkpoints/20/state.json", "at update 20, "},
                                   {"run/checkpoints/20/checksums.json", "SHA-256"},
                                   {"run/checkpoints/last", "update 20, "},
                                   {"run/checkpoints/best", "checksums agree"},
                                   {"list", "4 outputs of 2 sentences"},
                                   {"weights.jsonl", "weights of 1 output"},
                                   {"placement.yaml", "--placement FILE"},
                                   {"card.json", "pairs 7"}}) {
    CAPTURE(name);
    const auto ran = run_program({"inspect", toy.file(name)});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK_THAT(ran.out, ContainsSubstring(says));
  }
}

TEST_CASE("inspect: a machine, a study and its table say what they are", "[cli][inspect]") {
  const fs::path source = SEQ2SEQ_SOURCE_DIR;
  const auto said = [&source](const char* file) { return run_program({"inspect", (source / file).string()}).out; };
  CHECK_THAT(said("configs/hardware/h200.yaml"), ContainsSubstring("8 H200 of 141 GB"));
  CHECK_THAT(said("experiments/sutskever2014/reversal-copy.yaml"),
             ContainsSubstring("study ") && ContainsSubstring("forward; reversed") && ContainsSubstring("small, tiny"));
  const auto table = said("experiments/sutskever2014/reversal-copy/small/table.json");
  CHECK_THAT(table, ContainsSubstring("table ") && ContainsSubstring("reversed, length 12, 3 runs: perplexity 1.2"));
  CHECK(said("experiments/sutskever2014/reversal-copy/small") == table);
}

TEST_CASE("inspect: a file of something else is one error, with what to do", "[cli][inspect][error]") {
  const TemporaryFolder folder;
  using Content = std::pair<std::string, std::string>;
  for (const auto& [name, content] : {Content("text", "a b\nc\n"),
                                      {"empty", ""},
                                      {"other.yaml", "name: x\nversion: 3\n"},
                                      {"other.json", "{\"a\": 1}"},
                                      {"list.json", "[1, 2]"},
                                      {"bytes", std::string("\0\1\2\3", 4)},
                                      {"packed.gz", "\x1F\x8B\x08\x01"},
                                      {"best", "20\n"}}) {
    CAPTURE(name);
    const auto file = folder.file(name, content);
    const auto ran = run_program({"inspect", file.string()});
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(lines(ran.err) == 1);
    CHECK_THAT(ran.err,
               ContainsSubstring(file.string() + ": is not a file of this program") && ContainsSubstring("--help"));
  }
  folder.file("7b-model/weights.safetensors", "");
  CHECK_THAT(run_program({"inspect", (folder / "7b-model").string()}).err, !ContainsSubstring("checkpoint"));
  const auto damaged = folder.file("table.json", R"({"format": "seq2seq table", "lines": [3]})");
  CHECK(run_program({"inspect", damaged.string()}).code == 1);
  const auto broken = folder.file("record.json", R"({"format": "seq2seq rec)");
  CHECK_THAT(run_program({"inspect", broken.string()}).err, ContainsSubstring("is not JSON, or is damaged"));
}

TEST_CASE("checkpoints: `RUN/checkpoints/best` opens wherever a run or a checkpoint is named", "[cli][checkpoint]") {
  const TrainedToy toy;
  const auto best = toy.run() + "/checkpoints/best", other = toy.run() + "/checkpoints/10";
  const auto translate = [](const std::string& run, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"translate", run, "--n-best", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, "a b\n").out;
  };
  CHECK(translate(best) == translate(toy.run()));
  CHECK(translate(best + "/") == translate(toy.run()));
  CHECK(translate(other) == translate(toy.run(), {"--checkpoint", "10"}));
  CHECK(translate(other) != translate(best));
  const auto twice = run_program({"translate", other, "--checkpoint", "20"}, "a\n");
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err, ContainsSubstring("--checkpoint 20: ") && ContainsSubstring("names another checkpoint"));

  for (const auto& [from, update] : {std::pair(best, "update 20:"), {other, "update 10:"}}) {
    const auto tuned = run_program({"train", toy.file("toy.yaml"), "--run", toy.file("tuned-") + update[7],
                                    "--init-from", from, "--set", "train.updates=1", "--threads", "1"});
    CHECK(tuned.code == 0);
    CHECK_THAT(tuned.err, ContainsSubstring(update));
  }
  CHECK_THAT(run_program({"inspect", best}).out, ContainsSubstring("update 20, "));
  const auto back = run_program({"train", "--resume", toy.run(), "--checkpoint", "best", "--threads", "1"});
  CHECK(back.code == 0);
}

TEST_CASE("inspect: output of other commands, a lock and the folder of checkpoints say what they are",
          "[cli][inspect]") {
  const TrainedToy toy;
  toy.folder().file("answers", run_program({"translate", toy.run(), "--format", "json"}, "a b\nb\n").out);
  toy.folder().file("lists", run_program({"translate", toy.run(), "--format", "json", "--n-best", "2"}, "a\n").out);
  toy.folder().file("faults", R"({"error":"<stdin>:1: is not JSON"})"
                              "\n");
  toy.folder().file("some", "a b\nb\nc\n");
  REQUIRE(run_program({"states", toy.run(), toy.file("some"), "--output", toy.file("states.npy")}).code == 0);
  using Expected = std::pair<std::string, std::string>;
  for (const auto& [name, says] : {Expected("answers", "`translate --format json` to 2 lines\n"),
                                   {"lists", "`translate --format json` to 1 line\n"},
                                   {"faults", "`translate --format json` to 1 line, 1 with an error\n"},
                                   {"states.npy", "a NumPy array [3, 24] of type <f4"},
                                   {"run/lock", "of a run; no process of this machine is using the run"},
                                   {"run/checkpoints", "checkpoints of a run\nstate        update 20, "},
                                   {"run/checkpoints/", "checkpoints  "}}) {
    CAPTURE(name);
    const auto ran = run_program({"inspect", toy.file(name)});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK_THAT(ran.out, ContainsSubstring(says));
  }
}

TEST_CASE("inspect: a run with an edited configuration is shown, and called damaged", "[cli][inspect][error]") {
  const TrainedToy toy;
  toy.folder().file("run/config.yaml", content_of(toy / "run/config.yaml") + "# a note\n");
  const auto ran = run_program({"inspect", toy.run()});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("damaged      " + toy.file("run/config.yaml") + ": was changed after"));
  CHECK_THAT(ran.out, ContainsSubstring("checkpoints  5, "));
}

TEST_CASE("inspect: a run without its description, and one with half of it, are called damaged",
          "[cli][inspect][error]") {
  const TrainedToy toy;
  const auto text = content_of(toy / "run/run.json");
  toy.folder().file("run/run.json", text.substr(0, text.size() / 2));
  const auto half = run_program({"inspect", toy.run()});
  CHECK(half.code == 1);
  CHECK_THAT(half.err, ContainsSubstring("run.json:") && ContainsSubstring("is damaged: `not JSON from here on: ") &&
                           !ContainsSubstring("json.exception"));
  fs::remove(toy / "run/run.json");
  const auto none = run_program({"inspect", toy.run()});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, ContainsSubstring("run.json: is missing, but this folder has the checkpoints of a run"));
}

}  // namespace seq2seq::test
