#include "seq2seq/run/ensemble.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/score.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the scores of tokens, one line per pair.
std::vector<std::vector<double>> token_scores(const Toy& toy, const run::LoadedRun& run, const std::string& source,
                                              const std::string& target) {
  std::ostringstream out;
  run::score_files(run, source, target, out, {.per_token = true}, toy.environment);
  std::vector<std::vector<double>> all;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream scores(line.substr(line.find('\t')));
    auto& pair = all.emplace_back();
    for (double score = 0; scores >> score;) pair.push_back(score);
  }
  return all;
}

/// Two runs with the same target words but different size, kind, source vocabulary and direction.
struct TwoRuns {
  TwoRuns() : toy(turned) {
    toy.train("first", {"train.updates=60"});
    toy.train("second", {"train.updates=60", "seed=7", "data.reverse=source", "model.encoder.layers=1",
                         "model.decoder.layers=1", "model.encoder.kind=gru", "model.decoder.kind=gru",
                         "data.source.vocabulary.size=2", "data.source.end=none"});
  }
  run::LoadedRun joined(const std::vector<double>& weights, const std::vector<std::string>& settings = {}) {
    auto first = toy.load("first", "last", settings);
    std::vector<run::LoadedRun> others;
    others.push_back(toy.load("second", "last", settings));
    run::join(first, std::move(others), weights);
    return first;
  }
  Toy toy;
};

}  // namespace

TEST_CASE("ensemble: a coverage penalty, which reads the attention of one model, is refused",
          "[run][ensemble][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5", "model.attention.kind=general"});
  auto first = toy.load("run", "last", {"decode.coverage_penalty=0.2"});
  std::vector<run::LoadedRun> others;
  others.push_back(toy.load("run"));
  CHECK_THAT(message_of<UsageError>([&] { run::join(first, std::move(others), {}); }),
             ContainsSubstring("decode.coverage_penalty") && ContainsSubstring("an ensemble has no attention"));
}

TEST_CASE("ensemble: a token's probability is the weighted mean of its runs'", "[run][ensemble]") {
  TwoRuns runs;
  const auto source = runs.toy.folder().file("pairs.source", "a b c\nc\n\nb b a c a\n").string();
  const auto target = runs.toy.folder().file("pairs.target", "c b a\na\nb\nb\n").string();
  const auto first = token_scores(runs.toy, runs.toy.load("first", "last"), source, target);
  const auto second = token_scores(runs.toy, runs.toy.load("second", "last"), source, target);
  const auto together = token_scores(runs.toy, runs.joined({3, 1}), source, target);
  const auto logs = token_scores(runs.toy, runs.joined({}, {"decode.ensemble=log_probabilities"}), source, target);
  REQUIRE(together.size() == 4);
  for (size_t pair = 0; pair < together.size(); ++pair) {
    REQUIRE(together[pair].size() == first[pair].size());
    for (size_t token = 0; token < together[pair].size(); ++token) {
      CAPTURE(pair, token);
      const double a = first[pair][token], b = second[pair][token];
      CHECK_THAT(together[pair][token], WithinAbs(std::log(0.75 * std::exp(a) + 0.25 * std::exp(b)), 1e-5));
      CHECK_THAT(logs[pair][token], WithinAbs((a + b) / 2, 1e-5));
    }
  }
}

TEST_CASE("ensemble: outputs have the scores that scoring gives them", "[run][ensemble]") {
  TwoRuns runs;
  const auto run = runs.joined({2, 1}, {"decode.beam=4", "decode.n_best=4", "decode.batch=2"});
  const auto source = runs.toy.folder().file("some.source", "a b c\n\nc c\nb\nb a b c\n");
  std::ostringstream listed, scored;
  auto lines = line_reader(content_of(source));
  CHECK(run::translate(run, lines, listed, {.format = run::OutputFormat::moses}).lines == 5);
  const auto list = runs.toy.folder().file("list", listed.str());
  run::score_n_best(run, list, source, scored, {}, runs.toy.environment);
  std::istringstream again(scored.str());
  int64_t compared = 0;
  for (std::string line; std::getline(again, line);) {
    const auto fields = decode::split_n_best(line).value();
    if (fields.text.empty() || decode::has_feature(fields.features, "cut")) continue;  // an empty line, not searched
    const double searched = std::stod(std::string(fields.score));
    const auto start = fields.features.find("seq2seq= ") + std::string("seq2seq= ").size();
    CHECK_THAT(std::stod(std::string(fields.features.substr(start))), WithinAbs(searched, 1e-4));
    ++compared;
  }
  CHECK(compared > 8);
}

TEST_CASE("ensemble: evaluation measures all runs together, also where sentences are left out", "[run][ensemble]") {
  TwoRuns runs;
  const auto run = runs.joined({});
  const auto source = runs.toy.folder().file("some.source", "a b\nc c\nb\n");
  const auto target = runs.toy.folder().file("some.target", "b a\n\nb\n");
  const auto found = run::evaluate(run, data::FilePair{source, {target}}, runs.toy.environment);
  const auto source_left = runs.toy.folder().file("left.source", "a b\nb\n").string();
  const auto target_left = runs.toy.folder().file("left.target", "b a\nb\n").string();
  double sum = 0;
  for (const auto& pair : token_scores(runs.toy, run, source_left, target_left))
    for (const double score : pair) sum += score;
  CHECK(found.sentences == 2);
  CHECK_THAT(found.perplexity.score, WithinAbs(sum, 1e-4));

  // A pipe can be read only once.
  const auto pipe = runs.toy / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(pipe) << content_of(source); });
  const auto of_pipe = run::evaluate(run, data::FilePair{pipe, {target}}, runs.toy.environment);
  writer.join();
  CHECK(of_pipe.perplexity.score == found.perplexity.score);
}

TEST_CASE("ensemble: runs whose targets differ are refused with the first difference", "[run][ensemble][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto refusal = [&](const std::string& other, const std::string& setting) {
    toy.train(other, {"train.updates=5", setting});
    auto first = toy.load("run", "last");
    std::vector<run::LoadedRun> others;
    others.push_back(toy.load(other, "last"));
    return message_of<UsageError>([&] { run::join(first, std::move(others), {}); });
  };
  CHECK_THAT(refusal("smaller", "data.target.vocabulary.size=2"),
             ContainsSubstring("smaller: cannot join the ensemble: its target vocabulary has 5 words, but that of"));
  CHECK_THAT(refusal("backwards", "data.reverse=target"), ContainsSubstring("it writes targets reversed, but"));
  auto words = lines_in(content_of(toy / "run/target.vocabulary"));
  std::swap(words.end()[-1], words.end()[-2]);
  std::string swapped;
  for (const auto& line : words) swapped += line + "\n";
  const auto file = toy.folder().file("swapped.vocab", swapped);
  CHECK_THAT(refusal("swapped", "data.target.vocabulary.file=" + file.string()),
             ContainsSubstring("word 4 of its target vocabulary is "));
}

TEST_CASE("ensemble: weights are numbers above 0, one a run", "[run][ensemble][error]") {
  CHECK(run::parse_weights("1,0.5,2e1", 3, "--weights") == std::vector<double>{1, 0.5, 20});
  for (const std::string text : {"", "1,", ",1", "1,0", "1,-1", "1,nan", "1,inf", "1;2", "1,2x", "a"}) {
    CAPTURE(text);
    CHECK_THAT(message_of<UsageError>([&] { run::parse_weights(text, 2, "--weights"); }),
               ContainsSubstring("--weights " + text + ": must be numbers above 0"));
  }
  CHECK_THAT(message_of<UsageError>([&] { run::parse_weights("1e308,1e308", 2, "--weights"); }),
             ContainsSubstring("have a sum that is too large"));
  CHECK_THAT(message_of<UsageError>([&] { run::parse_weights("1,2,3", 2, "--weights"); }),
             ContainsSubstring("has 3 weights, but there are 2 runs"));
}

}  // namespace seq2seq::test
