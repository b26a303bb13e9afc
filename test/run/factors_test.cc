// Factors of source tokens in a whole run: learned, resumed, scored, translated, placed, and refused.

#include "seq2seq/text/factors.h"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
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

/// Returns lines of letters with the factors `up` or `low`, and 1 or 2, which has no meaning.
std::string factored_lines(int64_t lines, uint64_t seed) {
  SmallNumbers draws(seed);
  std::string text;
  for (int64_t line = 0; line < lines; ++line) {
    for (int64_t token = 0, tokens = 1 + draws.below(4); token < tokens; ++token) {
      const auto letter = static_cast<char>('a' + draws.below(3));
      const char* shape = draws.below(2) == 0 ? "up" : "low";
      text += fmt::format("{}{}￨{}￨{}", token == 0 ? "" : " ", letter, shape, 1 + draws.below(2));
    }
    text += "\n";
  }
  return text;
}

/// Returns each word of a line, in upper case with the factor `up`. Only the factor determines the case.
std::string written(const std::string& sources) {
  std::string text;
  for (const auto& line : lines_in(sources)) {
    std::string words;
    for (const auto token : split(line, ' ')) {
      const auto [word, values] = text::split_factors(token);
      const int shift = values.front() == "up" ? 'A' - 'a' : 0;
      words += fmt::format("{}{}", words.empty() ? "" : " ", static_cast<char>(word.front() + shift));
    }
    text += words + "\n";
  }
  return text;
}

std::string without_factors(const std::string& sources) {
  std::string text;
  for (const auto& line : lines_in(sources)) {
    std::string words;
    for (const auto token : split(line, ' '))
      words += fmt::format("{}{}", words.empty() ? "" : " ", text::split_factors(token).word);
    text += words + "\n";
  }
  return text;
}

/// A task of writing letters in the case that a factor names.
struct Cases : Toy {
  Cases() : Toy(copied) {
    write_pairs(*this, 1000, [](int64_t lines, uint64_t seed) {
      const auto sources = factored_lines(lines, seed);
      return WrittenPairs(sources, written(sources));
    });
  }
};

/// A task of writing two words letter by letter, each in the case that its factor names.
struct WordCases : Toy {
  WordCases() : Toy(copied) {
    write_pairs(*this, 1000, [](int64_t lines, uint64_t seed) {
      SmallNumbers draws(seed);
      WrittenPairs pairs;
      for (int64_t line = 0; line < lines; ++line) {
        for (int word = 0; word < 2; ++word) {
          const bool up = draws.below(2) == 0;
          std::string letters;
          for (int64_t letter = 0, count = 1 + draws.below(3); letter < count; ++letter)
            letters += static_cast<char>('a' + draws.below(3));
          pairs.first += fmt::format("{}{}￨{}", word == 0 ? "" : " ", letters, up ? "up" : "low");
          if (up)
            for (auto& letter : letters) letter = static_cast<char>(letter + 'A' - 'a');
          pairs.second += fmt::format("{}{}", word == 0 ? "" : " ", letters);
        }
        pairs.first += "\n";
        pairs.second += "\n";
      }
      return pairs;
    });
  }
};

std::vector<std::string> with_factors(std::vector<std::string> more) {
  more.insert(more.begin(), {"data.source.factors=2", "model.factors.sizes=[3, 2]"});
  return more;
}

}  // namespace

TEST_CASE("factors: what only a factor tells is learned, and not without it", "[run][learn][factors][slow]") {
  const std::string combined = GENERATE("concatenate", "sum");
  CAPTURE(combined);
  Cases toy;
  const auto set = quick_learner(400);
  auto factored = combined == "sum" ? std::vector<std::string>{"data.source.factors=2", "model.factors.combine=sum"}
                                    : with_factors({});
  factored.insert(factored.end(), set.begin(), set.end());
  CHECK(exact_after(toy, "factored", factored) > 0.95);
  for (const auto* file : {"train.source", "held.source"})
    toy.folder().file(file, without_factors(content_of(toy / file)));
  CHECK(exact_after(toy, "words", set) < 0.5);
}

TEST_CASE("factors: each character or subword has the factors of its word", "[run][learn][factors][slow]") {
  const std::string kind = GENERATE("character", "sentencepiece");
  CAPTURE(kind);
  WordCases toy;
  auto set = quick_learner(kind == "character" ? 700 : 400);
  const auto of_sides = [&](const std::string& key) {
    for (const char* side : {"source", "target"}) set.push_back(fmt::format("data.{}.tokenizer.{}", side, key));
  };
  set.insert(set.end(), {"data.source.factors=1", "model.factors.sizes=[3]", "data.max_length=20"});
  of_sides("kind=" + kind);
  if (kind == "sentencepiece") of_sides("train=bpe"), of_sides("size=20");
  CHECK(exact_after(toy, "run", set) > 0.9);
  const auto run = toy.load("run");
  auto lines = line_reader("ab￨low c￨up\n");
  std::ostringstream out;
  run::translate(run, lines, out, {});
  CHECK(out.str() == "ab C\n");
  auto wrong = line_reader("ab￨low c\n");
  CHECK_THAT(message_of<Error>([&] { run::translate(run, wrong, out, {}); }),
             ContainsSubstring(":1:10: the token `c` has 0 factors, but `data.source.factors` is 1"));
}

TEST_CASE("factors: subwords that are drawn anew in each epoch keep the factors of their words",
          "[run][resume][factors]") {
  WordCases toy;
  std::vector<std::string> set{"data.source.factors=1", "model.factors.sizes=[3]", "train.updates=20",
                               "train.schedule.kind=constant", "data.prepared=" + (toy / "prepared").string()};
  for (const char* value : {"kind=sentencepiece", "train=unigram", "size=14", "sample.alpha=0.1"})
    set.push_back(fmt::format("data.source.tokenizer.{}", value));
  toy.train("whole", set);
  set.push_back("train.updates=10");
  toy.train("cut", set);
  toy.resume("cut", {"train.updates=20"});
  CHECK((parameters_of(toy / "cut", 20) == parameters_of(toy / "whole", 20)));
}

TEST_CASE("factors: a run that is resumed ends as one that was not, prepared or read", "[run][resume][factors]") {
  Cases toy;
  check_resume(toy, with_factors({"data.source.vocabulary.size=2", "train.schedule.kind=constant"}));
}

TEST_CASE("factors: score, evaluate and translate read them, and refuse a token without them",
          "[run][score][factors][error]") {
  Cases toy;
  toy.train("run", with_factors({"data.source.vocabulary.size=2", "train.updates=20"}));
  const auto run = toy.load("run");
  std::ostringstream scores;
  const auto scored = run::score_files(run, toy / "held.source", toy / "held.target", scores, {}, toy.environment);
  const auto evaluation = run::evaluate(run, {}, toy.environment);
  CHECK_THAT(evaluation.perplexity.value(), WithinRel(scored.perplexity(), 1e-6));
  // The third letter is not in the vocabulary, with any factors.
  int64_t unknown = 0;
  const auto words = without_factors(content_of(toy / "held.source"));
  for (const auto& word : run.text->source_vocabulary().words())
    unknown -= std::ranges::count(words, word.text.front());
  for (const char letter : {'a', 'b', 'c'}) unknown += std::ranges::count(words, letter);
  CHECK(scored.unknown_source.unknown == unknown);

  auto lines = line_reader("a￨up￨1 b￨low￨2\na￨low￨1 b￨up\n");
  std::ostringstream out;
  CHECK_THAT(message_of<Error>([&] { run::translate(run, lines, out, {}); }),
             ContainsSubstring(":2:13: the token `b￨up` has 1 factor, but `data.source.factors` is 2"));
  CHECK_THAT(message_of<Error>([&] {
               run::score_files(run, toy.folder().file("plain", "a b\n"), toy.folder().file("t", "a\n"), scores, {},
                                toy.environment);
             }),
             ContainsSubstring("plain:1:1: the token `a` has 0 factors"));
}

TEST_CASE("factors: the model in stages on several places learns what it learns in one", "[run][placement][factors]") {
  Cases toy;
  check_places(toy, with_factors({"train.updates=4", "train.optimizer.kind=sgd", "train.optimizer.learning_rate=0.5"}));
}

TEST_CASE("factors: a Transformer in stages on several places learns what it learns in one",
          "[run][placement][factors]") {
  Cases toy;
  toy.folder().file("toy.yaml",
                    "data:\n  train: {source: train.source, target: train.target}\n"
                    "  validation: {source: held.source, target: held.target}\n"
                    "model: {architecture: transformer, width: 16, heads: 2, feed_forward: 16, encoder: {layers: 2}, "
                    "decoder: {layers: 2}}\n"
                    "train: {batch: {sentences: 16}, optimizer: {kind: sgd, learning_rate: 0.1}, updates: 4}\n");
  check_places(toy, with_factors({}), {"placement.schedule.kind=micro_batch"});
}

TEST_CASE("factors: the memory of a training counts their tables", "[run][factors]") {
  Cases toy;
  const auto set = with_factors({"train.updates=1"});
  const auto lines = run::explain_training(
      {.config = toy / "toy.yaml", .overrides = overrides(set), .folder = toy / "run", .init_from = {}},
      toy.environment);
  CHECK(lines.size() == 6);
  const auto explained = toy.said();
  CHECK_THAT(explained, ContainsSubstring("encoder.factors"));
  toy.forget_said();
  toy.train("run", set);
  const auto parameters_in = [](const std::string& said) {
    const auto end = said.find(" parameters\n");
    return said.substr(said.rfind('\n', end), end - said.rfind('\n', end));
  };
  CHECK(parameters_in(explained) == parameters_in(toy.said()));
}

TEST_CASE("factors: fine-tuning takes their tables over only if the values are numbered alike",
          "[run][init_from][factors]") {
  Cases toy;
  toy.train("first", with_factors({"train.updates=5"}));
  const auto table_after = [&](const std::string& name) {
    toy.forget_said();
    toy.train_from(name, (toy / "first").string(), with_factors({"train.updates=1"}));
    return toy.said();
  };
  CHECK_THAT(table_after("same"), ContainsSubstring("copied whole               encoder.factors.weight_0"));
  auto text = content_of(toy / "train.source");
  for (size_t at = text.find("low"); at != std::string::npos; at = text.find("low", at)) text.replace(at, 3, "LOW");
  toy.folder().file("train.source", text);
  CHECK_THAT(table_after("other"), ContainsSubstring("left at its initial values encoder.factors.weight_0"));
}

TEST_CASE("factors: settings that do not fit are refused at their keys, and text before training",
          "[run][factors][error]") {
  Cases toy;
  const auto refused = [&](const std::vector<std::string>& set) { return refusal_of(toy, set); };
  CHECK_THAT(refused({"data.source.factors=1"}), ContainsSubstring("--set data.source.factors=1: `model.factors` (") &&
                                                     ContainsSubstring("): `sizes` has 0 numbers"));
  CHECK_THAT(refused({"model.factors.sizes=[3]"}), ContainsSubstring("source tokens have no factors"));
  CHECK_THAT(refused({"data.source.factors=1", "model.factors.sizes=[2.5]"}),
             ContainsSubstring("must be whole numbers, but one is 2.5"));
  CHECK_THAT(refused({"data.source.factors=1", "model.factors.combine=sum", "data.source.tokenizer.kind=moses"}),
             ContainsSubstring("`data.source.factors`: needs a tokenizer that cuts each word by itself"));
  CHECK_THAT(refused({"data.source.factors=1", "model.factors.combine=sum", "data.source.normalize.form=nfkc"}),
             ContainsSubstring("Use nfc"));
  CHECK_THAT(refused({"data.source.factors=1", "model.factors.combine=sum", "model.attention.kind=general",
                      "model.output.kind=copy", "data.shared_vocabulary=true"}),
             ContainsSubstring("`copy` writes words of the source, but the source tokens have factors"));
  CHECK_THAT(refused(with_factors({"model.embedding.shared=true", "data.shared_vocabulary=true"})),
             ContainsSubstring("so no units are left for factors"));
  toy.folder().file("train.source", "a￨up￨1\nb￨low a￨up￨1\n");
  toy.folder().file("train.target", "A\nb A\n");
  CHECK_THAT(message_of<Error>([&] { toy.train("run", with_factors({})); }),
             ContainsSubstring("train.source:2:1: the token `b￨low` has 1 factor, but `data.source.factors` is 2"));
  CHECK_FALSE(fs::exists(toy / "run" / "run.json"));
}

}  // namespace seq2seq::test
