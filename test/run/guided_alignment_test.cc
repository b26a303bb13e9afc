#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/evaluation_set.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the links of reversed sequences: the first word to the last.
std::string turned_links(const std::string& sources) {
  std::string text;
  for (const auto& line : lines_in(sources)) {
    const auto tokens = std::count(line.begin(), line.end(), ' ') + 1;
    for (int64_t token = 0; token < tokens; ++token)
      text += fmt::format("{}{}-{}", token == 0 ? "" : " ", token, tokens - 1 - token);
    text += "\n";
  }
  return text;
}

/// Returns the share of the words of the held-out targets with the largest weight at the word that they copy.
double aligned_share(Toy& toy, const std::string& run_name) {
  const auto run = toy.load(run_name);
  const auto set = run::read_evaluation_set(run.options().data.validation, *run.text);
  const auto all =
      decode::attention_all(run.predictor(), decode::all_sentences(set.corpus.source),
                            decode::all_sentences(set.corpus.target), *run.text, run.options().decode.batch);
  double right = 0, words = 0;
  for (const auto& sentence : all) {
    const auto tokens = std::ssize(sentence) - 1;  // and the end symbol
    for (int64_t token = 0; token < tokens; ++token) {
      const auto& row = sentence[static_cast<size_t>(token)];
      right += std::ranges::max_element(row) - row.begin() == tokens - 1 - token ? 1 : 0;
      ++words;
    }
  }
  return right / words;
}

const std::vector<std::string> attending{"model.attention.kind=general", "data.reverse=source",
                                         "model.dropout.layers=0"};

std::vector<std::string> guided(const Toy& toy, std::vector<std::string> more) {
  more.insert(more.end(), attending.begin(), attending.end());
  const auto links = toy.folder().file("train.links", turned_links(content_of(toy / "train.source")));
  more.push_back(fmt::format("data.train.alignment=[{}]", links.string()));
  more.emplace_back("train.guided_alignment.weight=2");
  return more;
}

}  // namespace

TEST_CASE("guided alignment: attention learns the links that it is given", "[run][alignment]") {
  const auto* cost = GENERATE("cross_entropy", "squared_error", "product");
  CAPTURE(cost);
  Toy toy(turned, /*letters=*/4);
  toy.train("guided", guided(toy, {fmt::format("train.guided_alignment.cost={}", cost), "train.updates=150"}));
  auto plain = attending;
  plain.emplace_back("train.updates=150");
  toy.train("plain", plain);
  CHECK(aligned_share(toy, "guided") > 0.95);
  CHECK(aligned_share(toy, "plain") < 0.5);
}

TEST_CASE("guided alignment: a run that is resumed ends as one that was not, with prepared text, too",
          "[run][alignment][resume]") {
  Toy toy(turned);
  const std::vector<std::string> constant{"train.schedule.kind=constant"};
  toy.train("long", guided(toy, constant));
  auto prepared = guided(toy, constant);
  prepared.insert(prepared.end(), {"train.updates=15", "data.prepared=" + (toy / "prepared").string()});
  toy.train("short", prepared);
  toy.resume("short", {"train.updates=30"});
  CHECK((parameters_of(toy / "short", 30) == parameters_of(toy / "long", 30)));
}

TEST_CASE("guided alignment: without links or attention it is refused at its key", "[run][alignment][error]") {
  Toy toy(turned);
  const auto refused = [&](const std::vector<std::string>& set) {
    return message_of<UsageError>(
        [&] { run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries); });
  };
  CHECK_THAT(refused({"model.attention.kind=general", "train.guided_alignment.weight=1"}),
             ContainsSubstring("`train.guided_alignment.weight`: needs word alignments") &&
                 ContainsSubstring("data.train.alignment"));
  for (const auto* kind : {"none", "multi_head"})
    CHECK_THAT(refused({std::string("model.attention.kind=") + kind, "data.train.alignment=[train.source]",
                        "train.guided_alignment.weight=1"}),
               ContainsSubstring("`train.guided_alignment.weight`: needs attention with differentiable weights"));
  CHECK_THAT(refused({"data.train.alignment=[a, b]"}),
             ContainsSubstring("`data.train.alignment`: needs 1 value, one for each corpus"));
  CHECK_THAT(refused({"train.guided_alignment.cost=mse"}), ContainsSubstring("squared_error"));
}

}  // namespace seq2seq::test
