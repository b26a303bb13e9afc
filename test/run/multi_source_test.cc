// Sources of several sentences in a whole run: learned, resumed, scored, translated, placed, and refused.

#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/score.h"
#include "seq2seq/run/translate.h"
#include "test/run/source_worlds.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Makes lines of two sequences of the same length. The target has the letter of the first or, where that is an `n`, of
/// the second, so neither sequence alone determines it.
WrittenPairs chosen_lines(int64_t lines, uint64_t seed, bool only_first) {
  SmallNumbers draws(seed);
  WrittenPairs pairs;
  for (int64_t line = 0; line < lines; ++line) {
    std::string first, second, target;
    for (int64_t token = 0, tokens = 1 + draws.below(4); token < tokens; ++token) {
      const char one = "abnn"[draws.below(4)], other = "cde"[draws.below(3)];
      first += fmt::format("{} ", one);
      second += fmt::format(" {}", other);
      target += fmt::format("{}{}", token == 0 ? "" : " ", one == 'n' ? other : one);
    }
    pairs.first += only_first ? first + "\n" : first + "|||" + second + "\n";
    pairs.second += target + "\n";
  }
  return pairs;
}

struct Choices : Toy {
  explicit Choices(bool only_first = false, int64_t pairs = 300) : Toy(copied) {
    write_pairs(*this, pairs,
                [only_first](int64_t lines, uint64_t seed) { return chosen_lines(lines, seed, only_first); });
  }
};

std::vector<std::string> in_parts(std::vector<std::string> more) {
  more.insert(more.begin(), "data.source.parts=2");
  return more;
}

}  // namespace

TEST_CASE("multi-source: what only both sentences tell is learned, and not from one", "[run][learn][parts][slow]") {
  const auto set = quick_learner(700);
  Choices both(/*only_first=*/false, /*pairs=*/2000), first(/*only_first=*/true, /*pairs=*/2000);
  CHECK(exact_after(both, "run", in_parts(set)) == 1);
  CHECK(exact_after(first, "run", set) < 0.6);
}

TEST_CASE("multi-source: a run that is resumed ends as one that was not, prepared or read", "[run][resume][parts]") {
  Choices toy;
  check_resume(toy, in_parts({"data.source.vocabulary.size=4", "train.schedule.kind=constant",
                              "model.attention.kind=general", "model.dropout.layers=0.2"}));
}

TEST_CASE("multi-source: score, evaluate and translate read the parts, and refuse another number of them",
          "[run][score][parts][error]") {
  Choices toy;
  toy.train("run",
            in_parts({"train.updates=20", "model.attention.kind=additive", "model.multi_source.combine=child_sum"}));
  const auto run = toy.load("run");
  std::ostringstream scores;
  const auto scored = run::score_files(run, toy / "held.source", toy / "held.target", scores, {}, toy.environment);
  CHECK_THAT(run::evaluate(run, {}, toy.environment).perplexity.value(), WithinRel(scored.perplexity(), 1e-6));
  CHECK(scored.unknown_source.unknown == 0);
  auto lines = line_reader("a b ||| c d\n ||| c\na b\n");
  std::ostringstream out;
  CHECK_THAT(message_of<Error>([&] { run::translate(run, lines, out, {}); }),
             ContainsSubstring(":3: has 1 part, but `data.source.parts` is 2"));
}

TEST_CASE("multi-source: the model in stages on several places learns what it learns in one",
          "[run][placement][parts]") {
  const auto attention = GENERATE("none", "general", "additive");
  const auto feeding = GENERATE("false", "true");
  if (attention == std::string("none") && feeding == std::string("true")) return;
  CAPTURE(attention, feeding);
  Choices toy;
  auto set = in_parts({"train.updates=4", "train.optimizer.kind=sgd", "train.optimizer.learning_rate=0.5",
                       fmt::format("model.attention.kind={}", attention)});
  if (attention != std::string("none")) set.push_back(fmt::format("model.attention.input_feeding={}", feeding));
  check_places(toy, set);
}

TEST_CASE("multi-source: settings that do not fit are refused at their keys, and text before training",
          "[run][parts][error]") {
  Choices toy;
  const auto refused = [&](const std::vector<std::string>& set) { return refusal_of(toy, in_parts(set)); };
  CHECK_THAT(refused({"data.source.end=none"}), ContainsSubstring("`data.source.parts`: needs the end symbol"));
  CHECK_THAT(refused({"model.attention.kind=general", "model.output.kind=copy", "data.shared_vocabulary=true"}),
             ContainsSubstring("--set model.output.kind=copy: `model.multi_source` (") &&
                 ContainsSubstring("): `copy` needs a single attention"));
  CHECK_THAT(refused({"model.encoder.kind=gru", "model.decoder.kind=gru", "model.multi_source.combine=child_sum"}),
             ContainsSubstring("`combine: child_sum` needs layers with a state h and a cell c"));
  CHECK_THAT(refused({"data.train.alignment=[links]", "model.attention.kind=general"}),
             ContainsSubstring("does not work with `data.train.alignment`"));
  CHECK_THAT(refused({"data.source.parts=0"}), ContainsSubstring("data.source.parts"));
  toy.folder().file("toy.yaml",
                    "data:\n  train: {source: train.source, target: train.target}\n"
                    "model: {architecture: transformer, width: 16, heads: 2}\n");
  CHECK_THAT(refused({}), ContainsSubstring("`transformer` reads sources of one part"));
}

TEST_CASE("multi-source: a text with another number of parts is refused before training", "[run][parts][error]") {
  Choices toy;
  toy.folder().file("train.source", "a ||| c\na ||| c ||| d\n");
  toy.folder().file("train.target", "a\na\n");
  CHECK_THAT(message_of<Error>([&] { toy.train("run", in_parts({})); }),
             ContainsSubstring("train.source:2: has 3 parts, but `data.source.parts` is 2"));
  CHECK_FALSE(fs::exists(toy / "run" / "run.json"));
}

}  // namespace seq2seq::test
