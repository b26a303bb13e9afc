// Runs with the output layers for large vocabularies, at toy sizes.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/run/evaluate.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns keys of a kind that suit six words.
std::vector<std::string> keys_of(const std::string& kind) {
  std::vector<std::string> keys{"model.output.kind=" + kind};
  const std::vector<std::string> own =
      kind == "adaptive" ? std::vector<std::string>{"model.output.cutoffs=[3, 5]", "model.output.shrink=2"}
                         : std::vector<std::string>{"model.output.samples=3"};
  keys.insert(keys.end(), own.begin(), own.end());
  return keys;
}

std::vector<std::string> joined(std::vector<std::string> keys, const std::vector<std::string>& more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

}  // namespace

TEST_CASE("large vocabularies: a resumed run has the parameters of an uninterrupted one", "[run][output][resume]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive", "adaptive");
  const bool by_counts = GENERATE(false, true);
  if (kind == "adaptive" && by_counts) return;  // draws nothing
  CAPTURE(kind, by_counts);
  Toy toy(copied);
  auto keys = joined(keys_of(kind), {"train.checkpoint.every_updates=5"});
  if (by_counts) keys = joined(keys, {"model.output.distribution=unigram", "model.output.exponent=0.75"});
  check_exact_resume(toy, keys);
}

TEST_CASE("large vocabularies: validation's perplexity falls, and training lines have one where the loss is exact",
          "[run][output][learn]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive", "adaptive");
  CAPTURE(kind);
  Toy toy(copied);
  toy.train("run",
            joined(keys_of(kind), {"train.updates=400", "model.embedding.size=16", "model.encoder.layers=1",
                                   "model.decoder.layers=1", "model.encoder.cells=32", "model.decoder.cells=32"}));
  const auto evaluation = run::evaluate(toy.load("run"), {}, toy.environment);
  CHECK(evaluation.perplexity.value() < 3);  // 4.0 by the frequencies of three letters and the end symbol
  bool found = false;
  for (const auto& line : lines_in(content_of(toy / "run/metrics.jsonl"))) {
    const auto json = nlohmann::json::parse(line);
    if (json.value("kind", "") != "train") continue;
    found = true;
    CHECK(json.contains("perplexity") == (kind == "adaptive"));
  }
  CHECK(found);
}

TEST_CASE("large vocabularies: a run keeps the counts that it draws words by, read or prepared, and refuses others",
          "[run][output][resume][error]") {
  Toy toy(copied);
  toy.folder().file("train.target", "b b c\nb\n\nq b\n");
  toy.folder().file("train.source", "a\nb\nc\nc\n");
  const auto keys = joined(keys_of("sampled"), {"model.output.distribution=unigram", "train.updates=2",
                                                "data.target.vocabulary.size=2", "data.shared_vocabulary=false"});
  toy.train("run", keys);
  // The empty target is left out. </s> ends each sentence, and the rarest of three words is unknown.
  const std::string counts = "# seq2seq counts 1\n<unk>\t1\n<s>\t0\n</s>\t3\nb\t4\nc\t1\n";
  CHECK(content_of(toy / "run/target.counts") == counts);
  CHECK(toy.load("run").text->target_counts() == std::vector<int64_t>{1, 0, 3, 4, 1});
  toy.train("prepared", joined(keys, {"data.prepared=" + (toy / "text").string()}));
  CHECK(content_of(toy / "prepared/target.counts") == counts);
  CHECK((parameters_of(toy / "prepared", 2) == parameters_of(toy / "run", 2)));
  toy.train("ids", joined(keys_of("sampled"), {"train.updates=2", "data.target.vocabulary.size=2"}));
  CHECK_FALSE(fs::exists(toy / "ids/target.counts"));
  CHECK((parameters_of(toy / "ids", 2) != parameters_of(toy / "run", 2)));

  toy.folder().file("run/target.counts", "# seq2seq counts 1\n<unk>\t1\n<s>\t0\n</s>\t3\nb\t1\nc\t4\n");
  CHECK_THAT(message_of<Error>([&] { toy.resume("run", {"train.updates=4"}); }),
             ContainsSubstring("target.counts: is not the file of counts that this run was trained with"));
}

TEST_CASE("large vocabularies: what does not fit is told at its key, before anything is written",
          "[run][output][error]") {
  Toy toy(copied);
  const auto refused = [&](const std::vector<std::string>& set) {
    return message_of<UsageError>([&] { toy.train("run", set); });
  };
  CHECK_THAT(refused(joined(keys_of("noise_contrastive"), {"train.label_smoothing=0.1"})),
             ContainsSubstring("--set train.label_smoothing=0.1: `train.label_smoothing`: the output layer "
                               "`noise_contrastive`"));
  CHECK_THAT(refused(joined(keys_of("adaptive"), {"train.label_smoothing=0.1"})),
             ContainsSubstring("`train.label_smoothing`: the output layer `adaptive`"));
  CHECK_THAT(
      refused(joined(keys_of("noise_contrastive"), {"model.output.self_normalized=true", "decode.search=exact"})),
      ContainsSubstring("`decode.search`: `exact` needs normalized probabilities"));
  CHECK_THAT(refused(joined(keys_of("adaptive"), {"model.embedding.tied=true", "model.embedding.size=12"})),
             ContainsSubstring("`model.output`: the output layer `adaptive` cannot use the target embedding"));
  CHECK_THAT(refused(joined(keys_of("adaptive"), {"model.output.shrink=20"})),
             ContainsSubstring("`model.output`: cluster 1 of the output layer `adaptive` would have no units"));
  CHECK_THAT(refused({"model.output.kind=adaptive", "model.output.cutoffs=[4, 3]"}),
             ContainsSubstring("`model.output`: `model.output.cutoffs` must be ascending whole numbers"));
  CHECK_THAT(refused({"model.output.kind=adaptive", "model.output.cutoffs=[3, 900]", "model.output.shrink=2"}),
             ContainsSubstring("`model.output.cutoffs` ends at 900, but the target vocabulary has 6 words"));
  CHECK_THAT(refused(joined(keys_of("sampled"), {"model.output.exponent=0.75"})),
             ContainsSubstring("`model.output.exponent`: is a power of counts. Set `distribution: unigram`"));
  CHECK_FALSE(fs::exists(toy / "run"));
}

}  // namespace seq2seq::test
