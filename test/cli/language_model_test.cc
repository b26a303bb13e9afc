#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "test/cli/program.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {
namespace {

constexpr const char* lm_configuration = R"(
task: lm
data:
  train: {target: train.text}
  validation: {target: held.text}
  test: {target: held.text}
model:
  embedding: {size: 8}
  decoder: {kind: lstm, layers: 2, cells: 12}
  dropout: {layers: 0.1}
train:
  batch: {sentences: 8}
  optimizer: {kind: adam, learning_rate: 0.02}
  updates: 40
  validate: {every_updates: 20}
  checkpoint: {every_updates: 20}
)";

/// Sentences that repeat a, b, c, d, a, ...; each starts and ends anywhere.
std::string cyclic(int from, int to) {
  std::string text;
  for (int sentence = from; sentence < to; ++sentence) {
    for (int word = 0; word < 8; ++word)
      text += fmt::format("{}{}", word == 0 ? "" : " ", "abcd"[(sentence + word) % 4]);
    text += "\n";
  }
  return text;
}

struct World {
  TemporaryFolder folder;
  World() {
    folder.file("train.text", cyclic(0, 64));
    folder.file("held.text", cyclic(0, 4));
    folder.file("lm.yaml", lm_configuration);
  }
  std::string operator/(const std::string& name) const { return (folder / name).string(); }
  Ran train(const std::string& run, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"train", *this / "lm.yaml", "--run", *this / run, "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
};

double sum_of(const std::string& lines) {
  std::istringstream in(lines);
  double sum = 0;
  for (double score = 0; in >> score;) sum += score;
  return sum;
}

}  // namespace

TEST_CASE("language model: a cyclic language is learned to its entropy, and every command says the same perplexity",
          "[cli][lm]") {
  const World world;
  // Sentences have eight words and the end symbol. Only the first word is unknown, one of four.
  const double entropy = std::log(4.0) / 9;
  const auto trained = world.train(
      "run", {"--set", "train.updates=400", "--set", "model.dropout.layers=0", "--set", "model.decoder.layers=1",
              "--set", "model.decoder.cells=24", "--set", "train.clip.kind=norm", "--set", "train.clip.limit=1"});
  CAPTURE(trained.err);
  REQUIRE(trained.code == 0);
  const auto evaluated = run_program({"evaluate", world / "run", "--json"});
  CAPTURE(evaluated.err);
  REQUIRE(evaluated.code == 0);
  const auto json = nlohmann::json::parse(evaluated.out);
  const double perplexity = json["figures"]["perplexity"];
  CHECK(json["figures"].size() == 3);
  // The held-out sentences start with each of the four words once, so that no model is better than the entropy.
  CHECK(std::log(perplexity) >= entropy - 1e-3);
  CHECK(std::log(perplexity) < 1.1 * entropy);
  // Four sentences of eight words, seven blanks and an end.
  const double score = 36 * std::log(perplexity);
  CHECK_THAT(json["figures"]["word_perplexity"], WithinRel(std::exp(score / (4 * 9)), 1e-9));
  CHECK_THAT(json["figures"]["character_perplexity"], WithinRel(std::exp(score / (4 * 16)), 1e-9));
  world.folder.file("accents.text", "\u00e9 b\n");
  const auto accents = nlohmann::json::parse(
      run_program({"evaluate", world / "run", "--reference", world / "accents.text", "--json"}).out);
  CHECK(accents["words"] == 2);
  CHECK(accents["characters"] == 3);
  const auto scored = run_program({"score", world / "run", world / "held.text"});
  REQUIRE(scored.code == 0);
  CHECK_THAT(std::exp(-sum_of(scored.out) / 36), WithinAbs(perplexity, 1e-5));
  CHECK(run_program({"score", world / "run"}, cyclic(0, 4)).out == scored.out);
  CHECK_THAT(run_program({"evaluate", world / "run"}).out,
             ContainsSubstring("perplexity") && !ContainsSubstring("BLEU"));
  const auto inspected = run_program({"inspect", world / "run"}).out;
  CHECK_THAT(inspected, ContainsSubstring("decoder.lstm") && !ContainsSubstring("source"));
  CHECK_FALSE(std::filesystem::exists(world / "run/source.vocabulary"));
}

TEST_CASE("language model: a run that goes on is bit for bit the one that was not interrupted", "[cli][lm][resume]") {
  const World world;
  for (const std::string architecture : {"rnn", "transformer"}) {
    CAPTURE(architecture);
    if (architecture == "transformer") {
      auto text = std::string(lm_configuration);
      const auto from = text.find("model:"), to = text.find("train:\n  batch");
      world.folder.file("lm.yaml", text.replace(from, to - from,
                                                "model: {architecture: transformer, width: 8, heads: 2, "
                                                "feed_forward: 16, decoder: {layers: 2}}\n"));
    }
    const auto whole = world.train(architecture);
    CAPTURE(whole.err);
    REQUIRE(whole.code == 0);
    REQUIRE(world.train(architecture + "-half", {"--set", "train.updates=20"}).code == 0);
    REQUIRE(run_program(
                {"train", "--resume", world / (architecture + "-half"), "--threads", "1", "--set", "train.updates=40"})
                .code == 0);
    const auto scores = [&](const std::string& run) {
      return run_program({"score", world / run, world / "held.text", "--checkpoint", "last", "--per-token"}).out;
    };
    CHECK_FALSE(scores(architecture).empty());
    CHECK(scores(architecture) == scores(architecture + "-half"));
  }
}

TEST_CASE("language model: keys that it has no use for are refused with their place", "[cli][lm][error]") {
  const World world;
  struct Case {
    std::string set, said;
  };
  const auto [set, said] =
      GENERATE(Case{"data.train.source=x", "`data.train.source`: a language model (`task: lm`) has no source"},
               Case{"data.test.source=x", "`data.test.source`: a language model (`task: lm`) has no source"},
               Case{"data.reverse=none", "`data.reverse`: a language model"},
               Case{"model.encoder.cells=4", "`model.encoder`: a language model (`task: lm`) has no encoder"},
               Case{"model.attention.kind=dot", "`model.attention`: a language model (`task: lm`) has no encoder"},
               Case{"model.bridge.kind=copy", "`model.bridge`"},
               Case{"train.coverage_loss=1", "`train.coverage_loss`: a language model (`task: lm`) has no attention"},
               Case{"model.dropout.words.source=0.1", "`model.dropout.words.source`: a language model"},
               Case{"model.output.kind=copy", "`model.output`"},
               Case{"decode.beam=3", "`decode.beam`: a language model (`task: lm`) has no search"},
               Case{"metrics.lowercase=true", "`metrics`: a language model (`task: lm`) makes no translations"},
               Case{"data.prepared=x", "`data.prepared`: a language model (`task: lm`) reads its text into memory"},
               Case{"train.validate.metrics=[bleu]", "`bleu` compares translations"},
               Case{"placement.encoder=[cpu]", "placement.encoder"});
  CAPTURE(set);
  const auto refused = world.train("run", {"--set", set});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring(said));
  CHECK_FALSE(std::filesystem::exists(world / "run"));
}

TEST_CASE("language model: what needs a translation refuses it, and text that is none is told", "[cli][lm][error]") {
  const World world;
  REQUIRE(world.train("run").code == 0);
  const auto says = [](const Ran& ran, const std::string& said) {
    CAPTURE(ran.err);
    CHECK(ran.code != 0);
    CHECK_THAT(ran.err, ContainsSubstring(said));
  };
  says(run_program({"translate", world / "run"}, "a b\n"), "is a language model (`task: lm`), which cannot translate");
  says(run_program({"translate", world / "run", "--alignments", world / "links"}, "a b\n"), "cannot translate");
  says(run_program({"score", world / "run", world / "held.text", world / "held.text"}), "has no source");
  says(run_program({"evaluate", world / "run", "--beam", "3"}), "has no search");
  says(
      run_program({"evaluate", world / "run", "--reference", world / "held.text", "--reference", world / "train.text"}),
      "is a second text");
  says(run_program({"prepare", world / "lm.yaml"}), "reads its text into memory");
  says(run_program({"evaluate", world / "run", "--source", world / "held.text", "--reference", world / "held.text"}),
       "has no source");
  says(run_program({"score", world / "run"}, ""), "<stdin>: is empty");
  for (const std::string key : {"search=sample", "min_length=3", "patience=1", "rescore.list=x", "sample.top_k=3"})
    says(world.train("refused", {"--set", "decode." + key}), "`task: lm`");
  world.folder.file("train.text", "");
  says(world.train("empty"), "train.text: is empty; at least one line is expected");
  world.folder.file("train.text", "\n\n");
  says(world.train("blank"), "train.text: all pairs were left out: 2 with an empty target");
}

TEST_CASE("language model: weights come from a run of the same task alone", "[cli][lm][init_from][error]") {
  const World world;
  REQUIRE(world.train("run").code == 0);
  const auto best = world / "run/checkpoints/best";
  CHECK(run_program({"score", best}, "a b\n").code == 0);
  CHECK_THAT(run_program({"evaluate", best}).out, !ContainsSubstring("BLEU"));
  const auto again = world.train("again", {"--init-from", world / "run", "--set", "train.updates=1"});
  CHECK(again.code == 0);
  CHECK_THAT(again.err, ContainsSubstring("decoder.lstm.weight_ih_l0"));
  world.folder.file(
      "pairs.yaml",
      "data: {train: {source: train.text, target: train.text}}\ntrain: {batch: {sentences: 8}, updates: 1}\n");
  const auto refused =
      run_program({"train", world / "pairs.yaml", "--run", world / "pairs", "--init-from", world / "run"});
  CHECK(refused.code != 0);
  CHECK_THAT(refused.err, ContainsSubstring("is a run of `task: lm`, and the new one is of `task: translation`"));
}

TEST_CASE("language model: a study trains, measures and compares it by perplexity", "[cli][lm][study]") {
  const World world;
  const std::string study =
      "question: How wide?\nbase: lm.yaml\nmetrics: [perplexity, word_perplexity, character_perplexity]\nseeds: [1, "
      "2]\n"
      "rows:\n  - {name: narrow}\n  - {name: wide, set: {model.decoder.cells: 24}}\n";
  world.folder.file("study.yaml", study);
  const auto run = [&](const std::string& command) {
    std::vector<std::string> words{"study", command, world / "study.yaml", "--runs", world / "runs"};
    if (command == "run") words.insert(words.end(), {"--jobs", "1"});  // workers would be this program
    return run_program(words);
  };
  const auto made = run("run");
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  CHECK_THAT(made.out, ContainsSubstring("narrow") && ContainsSubstring("wide"));
  CHECK_THAT(made.out, ContainsSubstring("word perplexity") && ContainsSubstring("character perplexity"));
  CHECK_THAT(run("status").out, ContainsSubstring("all runs are done; nothing to train"));
  CHECK(run("table").out == made.out);
  auto with_bleu = study;
  with_bleu.replace(with_bleu.find("[perplexity"), 11, "[bleu, perplexity");
  world.folder.file("study.yaml", with_bleu);
  const auto refused = run("plan");
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("`bleu` compares outputs, and `narrow` is a language model"));
}

TEST_CASE("language model: a plan has the target's stages alone", "[cli][lm][plan]") {
  const World world;
  const auto planned = run_program(
      {"plan", world / "lm.yaml", "--set", "placement.devices=[cpu, cpu]", "--set", "placement.decoder=[0, 1]"});
  CAPTURE(planned.err);
  CHECK(planned.code == 0);
  CHECK_THAT(planned.out, ContainsSubstring("decoder.1") && !ContainsSubstring("encoder") &&
                              ContainsSubstring("words 7\n") && ContainsSubstring("sentences of 9 steps"));
}

TEST_CASE("language model: layers in several places train to the same losses as in one", "[cli][lm][placement]") {
  const World world;
  REQUIRE(world.train("one", {"--set", "train.updates=10"}).code == 0);
  REQUIRE(world
              .train("two", {"--set", "train.updates=10", "--set", "placement.devices=[cpu, cpu, cpu]", "--set",
                             "placement.decoder=[0, 1]", "--set", "placement.output=[1, 2]"})
              .code == 0);
  const auto perplexity = [&](const std::string& run) -> double {
    return nlohmann::json::parse(run_program({"evaluate", world / run, "--json"}).out)["figures"]["perplexity"];
  };
  CHECK_THAT(perplexity("two"), WithinRel(perplexity("one"), 1e-5));  // float32, sums in another order
}

TEST_CASE("config reference: the keys of a language model are those that it has", "[cli][lm]") {
  const auto lm = run_program({"config", "reference", "--task", "lm"}).out;
  CHECK_THAT(lm, ContainsSubstring("data.train: training text") && ContainsSubstring("\nmodel.decoder") &&
                     !ContainsSubstring("\nmodel.encoder") && !ContainsSubstring("\nmodel.attention") &&
                     !ContainsSubstring("coverage_loss") && !ContainsSubstring("\nmetrics:"));
  const auto translation = run_program({"config", "reference"}).out;
  CHECK(run_program({"config", "reference", "--task", "translation"}).out == translation);
  CHECK_THAT(translation, ContainsSubstring("\nmodel.encoder") && ContainsSubstring("coverage_loss"));
  CHECK(run_program({"config", "reference", "--task", "nothing"}).code == 2);
}

namespace {

/// A run `run` of a language model, and a run `pairs` that translates into its words.
struct FusionWorld : World {
  FusionWorld() {
    REQUIRE(train("run").code == 0);
    folder.file("pairs.yaml",
                "data: {train: {source: train.text, target: train.text}, test: {source: held.text, "
                "target: held.text}}\nmodel: {embedding: {size: 8}, encoder: {layers: 1, cells: 8}, "
                "decoder: {layers: 1, cells: 8}}\ntrain: {batch: {sentences: 8}, optimizer: {kind: adam, "
                "learning_rate: 0.02}, updates: 60}\n");
    REQUIRE(run_program({"train", *this / "pairs.yaml", "--run", *this / "pairs", "--threads", "1"}).code == 0);
  }
  Ran with(const std::string& command, const std::string& model, const std::string& weight,
           const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{command, *this / "pairs",
                                   "--set", "decode.language_model.run=" + (*this / model),
                                   "--set", "decode.language_model.weight=" + weight};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, "a b c d\nc d\n");
  }
};

/// Returns the number after ` ||| ` at the end of each line.
std::vector<double> totals(const std::string& list) {
  std::vector<double> all;
  std::istringstream in(list);
  for (std::string line; std::getline(in, line);) all.push_back(std::stod(line.substr(line.rfind(' ') + 1)));
  return all;
}

}  // namespace

TEST_CASE("shallow fusion: the score in an n-best list is named, and is the sum of what either run scores",
          "[cli][lm][fusion]") {
  const FusionWorld world;
  const auto list = world.with("translate", "run", "0.5", {"--n-best", "3"});
  CAPTURE(list.err);
  REQUIRE(list.code == 0);
  CHECK_THAT(list.out, ContainsSubstring(" ||| fused= -") && !ContainsSubstring("logprob="));
  std::string sources, outputs;
  std::istringstream in(list.out);
  for (std::string line; std::getline(in, line);) {
    sources += line.starts_with("0 ") ? "a b c d\n" : "c d\n";
    const auto text = line.substr(line.find(" ||| ") + 5);
    outputs += text.substr(0, text.find(" ||| ")) + "\n";
    REQUIRE(line.find("cut= 1") == std::string::npos);
  }
  world.folder.file("sources", sources);
  world.folder.file("outputs", outputs);
  const auto own = totals(run_program({"score", world / "pairs", world / "sources", world / "outputs"}).out);
  const auto language = totals(run_program({"score", world / "run", world / "outputs"}).out);
  const auto fused = totals(list.out);
  REQUIRE((own.size() == fused.size() && language.size() == fused.size()));
  for (size_t i = 0; i < fused.size(); ++i) CHECK_THAT(fused[i], WithinRel(own[i] + 0.5 * language[i], 1e-5));

  CHECK_THAT(world.with("evaluate", "run", "0.5").out, ContainsSubstring("with 0.5 x the language model"));
  const auto plain = run_program({"translate", world / "pairs", "--n-best", "3"}, "a b c d\nc d\n").out;
  CHECK_THAT(plain, ContainsSubstring("logprob="));
  CHECK(world.with("translate", "run", "0", {"--n-best", "3"}).out == plain);
}

TEST_CASE("shallow fusion: what is no language model of the same words is refused with the first difference",
          "[cli][lm][fusion][error]") {
  const FusionWorld world;
  const auto says = [](const Ran& ran, const std::string& said) {
    CAPTURE(ran.err);
    CHECK(ran.code != 0);
    CHECK_THAT(ran.err, ContainsSubstring(said));
  };
  says(world.with("translate", "pairs", "0.5"), "is not a language model");
  says(world.with("translate", "nowhere", "0.5"), "nowhere");
  fs::copy(world / "run", world / "unnamed", fs::copy_options::recursive);
  for (const std::string name : {"best", "last"}) fs::remove(world / ("unnamed/checkpoints/" + name));
  CHECK(world.with("translate", "unnamed", "0.5").code == 0);
  says(world.with("translate", "run", "-1"), "decode.language_model.weight");
  world.folder.file("train.text", cyclic(0, 64) + "a e\n");
  REQUIRE(world.train("larger", {"--set", "train.updates=1"}).code == 0);
  says(world.with("evaluate", "larger", "0.5"),
       "has 5 words, but the translation model has 4; `e` is the first word missing from the translation model");
  world.folder.file("train.text", "d d d d c c c b b a\n");
  REQUIRE(world.train("other", {"--set", "train.updates=1"}).code == 0);
  says(world.with("evaluate", "other", "0.5"), "word 1 is `d` in the language model, but `a` in the translation model");
}

}  // namespace seq2seq::test
