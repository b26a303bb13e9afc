#include <cmath>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/run/metric_names.h"
#include "test/cli/program.h"
#include "test/cli/trained_toy.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("exact search: translate and evaluate say what the beam missed", "[cli][translate][evaluate]") {
  const TrainedToy toy;
  const std::vector<std::string> exact{
      "--beam", "1", "--set", "decode.search=exact", "--set", "decode.exact_nodes=5000"};
  auto translate = std::vector<std::string>{"translate", toy.run()};
  translate.insert(translate.end(), exact.begin(), exact.end());
  const auto ran = run_program(translate, "a b\n\nc\n");
  CHECK(ran.code == 0);
  CHECK_THAT(ran.err, ContainsSubstring("exact search: best output proven for") && ContainsSubstring("2 sentences"));
  auto evaluate = std::vector<std::string>{"evaluate", toy.run(), "--json", "--quiet"};
  evaluate.insert(evaluate.end(), exact.begin(), exact.end());
  const auto json = nlohmann::json::parse(run_program(evaluate).out);
  const auto counts = json.at("search").at("exact");
  CHECK(counts.at("sentences") == 20);
  CHECK_THAT(json.at("figures").at("search_error_rate").get<double>() * 20,
             WithinAbs(counts.at("missed").get<double>(), 1e-9));
}

TEST_CASE("evaluate: table and JSON tell the same figures", "[cli][evaluate]") {
  const TrainedToy toy;
  const auto table = run_program({"evaluate", toy.run()});
  CHECK(table.code == 0);
  const auto ran = run_program({"evaluate", toy.run(), "--json", "--quiet"});
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(ran.err.empty());
  CHECK(json.at("sentences") == 20);
  const auto figures = json.at("figures");
  for (const auto& name : run::metric_names()) CHECK(figures.contains(name));
  CHECK_THAT(json.at("signatures").at("chrf++").get<std::string>(), ContainsSubstring("nc:6|nw:2"));
  CHECK_FALSE(json.at("signatures").contains("exact_match"));  // of tokens, not of words as in `compare`
  CHECK_THAT(table.out, ContainsSubstring(fmt::format("{:.2f}", figures.at("chrf++").get<double>())) &&
                            ContainsSubstring("case:lc|tok:tercom"));
  CHECK_THAT(table.out, ContainsSubstring(fmt::format("{:.4f}", figures.at("perplexity").get<double>())));
  CHECK_THAT(table.out,
             ContainsSubstring(fmt::format("{:.2f} %", 100 * figures.at("sequence_error_rate").get<double>())));
  CHECK_THAT(table.out, ContainsSubstring("nrefs:1"));
  CHECK_THAT(table.out, ContainsSubstring("beam 2"));

  CHECK_THAT(run_program({"evaluate", toy.run(), "--bleu-tokenizer", "13a"}).out, ContainsSubstring("tok:13a"));
  const auto refused = run_program({"evaluate", toy.run(), "--bleu-tokenizer", "14"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--bleu-tokenizer 14") && ContainsSubstring("one of `none`, `13a`"));
  const auto lower = run_program({"evaluate", toy.run(), "--lowercase"});
  CHECK_THAT(lower.out, ContainsSubstring("case:lc") && ContainsSubstring("compared in lower case"));
  const auto twice = run_program({"evaluate", toy.run(), "--lowercase", "--set", "metrics.lowercase=false"});
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err,
             ContainsSubstring("--lowercase: `metrics.lowercase` is also set, by `--set metrics.lowercase=false`"));

  const auto given = run_program({"evaluate", toy.run(), "--source", toy.file("held.source"), "--reference",
                                  toy.file("held.target"), "--reference", toy.file("held.source"), "--json"});
  CHECK(nlohmann::json::parse(given.out).at("references").at("most") == 2);
}

TEST_CASE("evaluate: perplexities per token, word and character are of the same probability", "[cli][evaluate]") {
  const TrainedToy toy;
  const auto json = nlohmann::json::parse(run_program({"evaluate", toy.run(), "--json", "--quiet"}).out);
  const auto text = content_of(toy / "held.target");  // words are the tokens, and each character is a byte
  const auto characters = static_cast<double>(text.size());
  const auto tokens = json.at("target_tokens").get<double>() + json.at("sentences").get<double>();
  const auto logarithm = [&json](const char* name) { return std::log(json.at("figures").at(name).get<double>()); };
  CHECK_THAT(logarithm("word_perplexity"), WithinRel(logarithm("perplexity"), 1e-12));
  CHECK_THAT(logarithm("character_perplexity") * characters, WithinRel(logarithm("perplexity") * tokens, 1e-12));
}

TEST_CASE("train: validation measures every metric by its name, and the best may go by any", "[cli][train]") {
  const Toy toy(turned);
  const auto [best, higher] = GENERATE(std::pair("chrf++", true), std::pair("ter", false));
  const auto ran = run_program({"train", (toy / "toy.yaml").string(), "--run", (toy / "run").string(), "--threads", "1",
                                "--set", "train.updates=10", "--set", "train.validate.every_updates=5", "--set",
                                fmt::format("train.validate.metrics=[{}]", fmt::join(run::metric_names(), ", ")),
                                "--set", fmt::format("train.validate.best_by={}", best)});
  CHECK(ran.code == 0);
  std::istringstream lines(content_of(toy / "run/metrics.jsonl"));
  std::vector<double> figures;
  bool second_is_best = false;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.value("kind", "") != "validation") continue;
    for (const auto& name : run::metric_names()) CHECK(json.contains(name));
    figures.push_back(json.at(best).get<double>());
    second_is_best = json.at("best");
  }
  REQUIRE(figures.size() == 2);
  CHECK(second_is_best == (higher ? figures[1] > figures[0] : figures[1] < figures[0]));
}

TEST_CASE("evaluate: writes the outputs that it measured, line by line", "[cli][evaluate]") {
  const TrainedToy toy;
  toy.folder().file("source", "a b\nb\nc a\n");
  toy.folder().file("reference", "b a\n\na c\n");  // the second sentence has no reference, so it is left out
  const auto ran = run_program({"evaluate", toy.run(), "--source", toy.file("source"), "--reference",
                                toy.file("reference"), "--output", toy.file("outputs"), "--quiet"});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  auto translated = lines_in(run_program({"translate", toy.run(), toy.file("source"), "--quiet"}).out);
  translated.at(1).clear();
  CHECK(lines_in(content_of(toy.file("outputs"))) == translated);
  const auto refused = run_program({"evaluate", toy.run(), "--output", (toy / "none/x").string()});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("none: no such folder"));
  const auto own = toy.file("held.target"), before = content_of(own);
  const auto test_set = run_program({"evaluate", toy.run(), "--output", own, "--quiet"});
  CHECK(test_set.code == 2);
  CHECK_THAT(test_set.err, ContainsSubstring("is also the file of `data.test.target`"));
  CHECK(content_of(own) == before);
}

TEST_CASE("evaluate: BLEU of targets of one word says that there are no 4-grams", "[cli][evaluate]") {
  const TrainedToy toy;
  const auto evaluated = [&toy](const std::string& lines) {
    toy.folder().file("lines", lines);
    return run_program({"evaluate", toy.run(), "--source", toy.file("lines"), "--reference", toy.file("lines")}).out;
  };
  CHECK_THAT(evaluated("a\nb\n"), ContainsSubstring("BLEU: the lines have no four words in a row (4-grams)"));
  CHECK_THAT(evaluated("a b a b a b\nb a b a b a\n"), !ContainsSubstring("4-grams"));
  CHECK_THAT(evaluated("a\n"), ContainsSubstring("sequence error rate  ") && !ContainsSubstring("G2P"));
}

}  // namespace seq2seq::test
