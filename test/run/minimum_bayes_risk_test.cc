#include "seq2seq/run/minimum_bayes_risk.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/metric_inputs.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Computes the mean similarity of each text to all samples in a plain way: every sample with every sample.
std::map<std::string, double> expected_similarity(const std::vector<std::string>& samples, const std::string& name) {
  const auto* kind = metrics::find_metric(name);
  const auto metric = kind->make({});
  std::map<std::string, double> means;
  for (const auto& sample : samples) {
    double sum = 0;
    for (const auto& reference : samples) sum += metric->sentence_figure(metric->count(sample, {reference}));
    means[sample] = (kind->higher_is_better ? 1 : -1) * sum / static_cast<double>(samples.size());
  }
  return means;
}

}  // namespace

TEST_CASE("minimum Bayes risk: lists samples by their mean similarity to all samples", "[run][risk]") {
  const std::string metric = GENERATE("bleu", "multi_bleu", "chrf", "ter");
  CAPTURE(metric);
  Toy toy(copied);
  toy.train("run", {"train.updates=30"});
  const std::vector<std::string> sampling{"decode.search=sample", "decode.n_best=30", "decode.sample.seed=5"};
  const auto plain = toy.load("run", "last", sampling);
  auto with = sampling;
  with.push_back("decode.minimum_bayes_risk=" + metric);
  const auto run = toy.load("run", "last", with);
  const decode::Sentences sources{{3, 4, 5}, {4}, {5, 5, 3, 3}};
  const auto samples = decode::search_all(plain.predictor(), sources, *plain.text, plain.options().decode);
  auto found = samples;
  const std::vector<data::CopiedWords> nothing(sources.size());
  run::order_by_risk(found, *run.text, nothing, run.options().decode, run.options().metrics);
  for (size_t i = 0; i < sources.size(); ++i) {
    std::vector<std::string> lines;
    for (const auto& sample : samples[i]) lines.push_back(run::output_line(sample.ids, *run.text, {}));
    const auto expected = expected_similarity(lines, metric);
    REQUIRE(found[i].size() == expected.size());
    double before = INFINITY;
    for (const auto& output : found[i]) {
      CHECK_THAT(output.ranking_score, WithinAbs(expected.at(run::output_line(output.ids, *run.text, {})), 1e-9));
      CHECK(output.ranking_score <= before);
      before = output.ranking_score;
    }
  }
  auto untouched = samples;
  run::order_by_risk(untouched, *plain.text, nothing, plain.options().decode, {});
  CHECK(untouched.front().size() == 30);
}

TEST_CASE("minimum Bayes risk: translate writes and evaluate measures the output of the least risk",
          "[run][risk][translate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=60"});
  const std::vector<std::string> settings{"decode.search=sample", "decode.n_best=20", "decode.minimum_bayes_risk=chrf"};
  const auto run = toy.load("run", "last", settings);
  const auto set = run::read_evaluation_set(run.options().data.test, *run.text);
  const auto samples =
      decode::search_all(run.predictor(), decode::all_sentences(set.corpus.source), *run.text, run.options().decode);
  std::ostringstream out;
  auto sources = line_reader(content_of(toy / "held.source"));
  run::translate(run, sources, out, {});
  const auto written = lines_in(out.str());
  REQUIRE(written.size() == samples.size());
  int64_t exact = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    std::vector<std::string> lines;
    for (const auto& sample : samples[i]) lines.push_back(run::output_line(sample.ids, *run.text, {}));
    const auto means = expected_similarity(lines, "chrf");
    const auto best = std::ranges::max_element(means, {}, [](const auto& mean) { return mean.second; });
    CHECK_THAT(means.at(written[i]), WithinAbs(best->second, 1e-9));  // several may be equally good
    exact += written[i] == set.references[i].front() ? 1 : 0;
  }
  CHECK(run::evaluate(run, {}, toy.environment).outputs.rates.exact == exact);
}

TEST_CASE("minimum Bayes risk: is refused without samples, and by an unknown metric", "[run][risk][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto told = [&toy](const std::vector<std::string>& set) {
    return message_of<UsageError>([&] { toy.load("run", "last", set); });
  };
  CHECK_THAT(told({"decode.minimum_bayes_risk=chrf"}), ContainsSubstring("decode.search: sample"));
  CHECK_THAT(told({"decode.minimum_bayes_risk=chrf", "decode.search=sample"}), ContainsSubstring("n_best"));
  CHECK_THAT(told({"decode.minimum_bayes_risk=blue", "decode.search=sample", "decode.n_best=4"}),
             ContainsSubstring("`blue`") && ContainsSubstring("chrf"));
}

}  // namespace seq2seq::test
