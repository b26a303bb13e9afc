#include "seq2seq/run/alignments.h"

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

struct Written {
  std::string text, links, weights;
};

Written alignments_written(const run::LoadedRun& run, const std::string& text, bool n_best = false) {
  std::ostringstream out, links, weights;
  auto lines = line_reader(text);
  run::TranslateOptions options{.format = n_best ? run::OutputFormat::moses : run::OutputFormat::text};
  options.alignments = {.links = &links, .weights = &weights};
  run::translate(run, lines, out, options);
  return {out.str(), links.str(), weights.str()};
}

}  // namespace

TEST_CASE("alignments: links go to the largest weight, the first of equal ones, and none to the end symbol",
          "[run][alignments]") {
  const decode::AttentionWeights weights{{0.2F, 0.7F, 0.1F}, {0.4F, 0.4F, 0.2F}, {0.1F, 0.2F, 0.7F}, {0, 0, 1}};
  CHECK(run::pharaoh_line(weights, /*source_tokens=*/2, /*target_tokens=*/3) == "1-0 0-1");
  CHECK(run::pharaoh_line({{1}}, 0, 0).empty());
}

TEST_CASE("alignments: a model looks at what it writes, whichever way it reads and writes",
          "[run][alignments][learning]") {
  // In each case, linked words are visited in the same order, which the first state alone does not determine.
  const auto reverse = GENERATE(as<std::string>(), "none", "source", "both");
  const bool turns = reverse == "source";
  CAPTURE(reverse);
  Toy toy(turns ? turned : copied, /*letters=*/5, /*longest=*/5, /*held_out=*/200);
  toy.train("run", {"data.reverse=" + reverse, "model.attention.kind=general", "model.attention.input_feeding=true",
                    "model.embedding.size=32", "model.encoder.layers=1", "model.decoder.layers=1",
                    "model.encoder.cells=64", "model.decoder.cells=64", "train.batch.sentences=64",
                    "train.schedule.warmup_updates=100", "train.updates=1000", "train.validate.every_updates=1000"});
  const auto run = toy.load("run");
  const auto written = alignments_written(run, "a b c\nd\nc d b a e\n");
  CHECK(written.text == (turns ? "c b a\nd\ne a b d c\n" : "a b c\nd\nc d b a e\n"));
  CHECK(written.links ==
        (turns ? "2-0 1-1 0-2\n0-0\n4-0 3-1 2-2 1-3 0-4\n" : "0-0 1-1 2-2\n0-0\n0-0 1-1 2-2 3-3 4-4\n"));
}

TEST_CASE("alignments: weights are JSON, a row for each target token and the end symbol, of sum 1",
          "[run][alignments]") {
  Toy toy(turned);
  toy.train("run", {"model.attention.kind=additive", "train.updates=5", "data.source.end=none"});
  const auto run = toy.load("run", "last", {"decode.n_best=3", "decode.beam=3", "decode.max_length.plus=2"});
  const auto written = alignments_written(run, "a zebra c\n\n", /*n_best=*/true);
  const auto lines = lines_in(written.weights);
  CHECK(nlohmann::json::parse(lines.front()).at("source") == nlohmann::json{"a", "zebra", "c"});  // not <unk>
  CHECK(lines.size() == lines_in(written.text).size());
  CHECK(lines.size() == lines_in(written.links).size());
  for (const auto& line : lines) {
    const auto json = nlohmann::json::parse(line);
    const auto& weights = json.at("weights");
    REQUIRE(weights.size() == json.at("target").size());
    for (const auto& row : weights) {
      REQUIRE(row.size() == json.at("source").size());
      double sum = 0;
      for (const double weight : row) sum += weight;
      CHECK_THAT(sum, WithinAbs(1, 1e-3));
    }
  }
}

TEST_CASE("alignments: a model without attention has none", "[run][alignments][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  const auto message = message_of<UsageError>([&] { alignments_written(run, ""); });  // before anything is read
  CHECK_THAT(message, ContainsSubstring("has no attention"));
  CHECK_THAT(message, ContainsSubstring("model.attention"));
}

}  // namespace seq2seq::test
