#include "seq2seq/study/record/sentence_figures.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/figures.h"
#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/texts.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

std::vector<study::SentenceFigures> measured(const run::LoadedRun& run) {
  const auto set = run::read_evaluation_set(run.options().data.test, *run.text);
  const auto outputs =
      run::search_outputs(run.predictor(), set, *run.text, run.options().decode, run.options().metrics, set.all());
  return study::measure_sentences(run.predictor(), set, *run.text, run.options().decode.batch, outputs);
}

/// Returns all figures of `evaluate`, which are not sums of the figures of sentences.
train::Figures evaluated(const run::LoadedRun& run, const Toy& toy, const std::optional<data::FilePair>& files = {}) {
  const auto evaluation = run::evaluate(run, files, toy.environment);
  auto figures = run::named(evaluation.perplexity);
  run::add(figures, evaluation.outputs);
  return figures;
}

/// Writes the lines with these numbers to a file.
fs::path picked(const Toy& toy, const std::string& name, const std::vector<int64_t>& numbers) {
  const auto lines = lines_in(content_of(toy / ("held." + name)));
  std::string text;
  for (const int64_t number : numbers) text += lines[static_cast<size_t>(number)] + "\n";
  return toy.folder().file("picked." + name, text);
}

}  // namespace

TEST_CASE("sentence figures: all together give what `evaluate` gives", "[study][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=80"});
  const auto run = toy.load("run");
  const auto sentences = measured(run);
  std::vector<int64_t> every(sentences.size());
  std::iota(every.begin(), every.end(), 0);
  for (const auto& [metric, value] : evaluated(run, toy)) {
    CAPTURE(metric);
    CHECK_THAT(study::figure_of(metric, sentences, every), WithinRel(value, 1e-9));
  }
}

TEST_CASE("sentence figures: unknown words are replaced as `evaluate` replaces them", "[study][evaluate][unknown]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=80", "model.attention.kind=general", "data.target.vocabulary.size=1"});
  std::vector<int64_t> every(20);
  std::iota(every.begin(), every.end(), 0);
  std::map<std::string, double> errors;
  for (const std::string kind : {"keep", "drop", "replace"}) {
    CAPTURE(kind);
    const auto run = toy.load("run", "last", {"decode.allow_unknown=true", "decode.unknown.kind=" + kind});
    const auto sentences = measured(run);
    for (const auto& [metric, value] : evaluated(run, toy)) {
      CAPTURE(metric);
      CHECK_THAT(study::figure_of(metric, sentences, every), WithinRel(value, 1e-9));
    }
    errors[kind] = study::figure_of("token_error_rate", sentences, every);
  }
  CHECK(errors["replace"] < errors["keep"]);  // `<unk>` is never correct
}

TEST_CASE("sentence figures: a choice of them gives what `evaluate` gives on these lines", "[study][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=80"});
  const auto run = toy.load("run");
  const auto sentences = measured(run);
  const auto chosen = GENERATE(std::vector<int64_t>{3}, std::vector<int64_t>{0, 5, 5, 19, 2, 5});
  const data::FilePair files{picked(toy, "source", chosen), {picked(toy, "target", chosen)}};
  for (const auto& [metric, value] : evaluated(run, toy, files)) {
    CAPTURE(metric);
    // Scores of a sentence in another batch differ in the last digits of a float.
    CHECK_THAT(study::figure_of(metric, sentences, chosen), WithinRel(value, 1e-5) || WithinAbs(value, 1e-9));
  }
}

TEST_CASE("sentence figures: of any text all together give the figures of the outputs, in lower case where asked",
          "[study][evaluate]") {
  const auto tokenizer = GENERATE(from_range(text::builtin_tokenizers().names()));
  const auto options =
      GENERATE(metrics::MetricOptions{},
               metrics::MetricOptions{.lowercase = true, .bleu_tokenizer = metrics::BleuTokenizer::mteval_13a});
  CAPTURE(tokenizer, options.lowercase);
  auto lines = cased_lines();
  lines.resize(40);
  std::mt19937_64 random(1);
  std::vector<std::string> outputs;
  for (const auto& line : lines) outputs.push_back(perturbed(line, random));
  lines[3].clear();
  const TemporaryFolder folder;
  const Texts texts(folder, tokenizer, {.form = text::NormalForm::nfkc, .lowercase = true}, outputs, {lines, outputs});
  const auto found =
      run::search_outputs(texts.predictor, texts.set, texts.text, texts.decode, options, texts.set.all());
  const auto sentences =
      study::measure_sentences(texts.predictor, texts.set, texts.text, texts.decode.batch, found, options);
  std::vector<int64_t> every(sentences.size());
  std::iota(every.begin(), every.end(), 0);
  train::Figures figures;
  run::add(figures, run::measure_outputs(texts.predictor, texts.set, texts.text, texts.decode, options, {}, {},
                                         run::metric_names()));
  CHECK(figures.contains("chrf++"));
  for (const auto& [metric, value] : figures) {
    CAPTURE(metric);
    CHECK_THAT(study::figure_of(metric, sentences, every), WithinAbs(value, 1e-9));
  }
}

TEST_CASE("sentence figures: rates of exact search are shares of the sentences", "[study][evaluate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=30"});
  const auto run = toy.load("run", "last", {"decode.search=exact", "decode.beam=1", "decode.exact_nodes=300"});
  const auto set = run::read_evaluation_set(run.options().data.validation, *run.text);
  const auto outputs =
      run::search_outputs(run.predictor(), set, *run.text, run.options().decode, run.options().metrics, set.all());
  const auto sentences = study::measure_sentences(run.predictor(), set, *run.text, run.options().decode.batch, outputs,
                                                  {}, study::study_metric_names());
  std::vector<int64_t> every(sentences.size());
  std::iota(every.begin(), every.end(), 0);
  train::Figures figures;
  run::add(figures, run::evaluate(run, {}, toy.environment).outputs);
  for (const auto& name : run::exact_rate_names()) {
    CAPTURE(name);
    CHECK_THAT(study::figure_of(name, sentences, every), WithinAbs(figures.at(name), 1e-12));
  }
}

TEST_CASE("sentence figures: every metric that a study may name has one", "[study][evaluate]") {
  const std::vector<study::SentenceFigures> sentences{
      {.score = -2,
       .scored_tokens = 2,
       .rates = {.sequences = 1, .exact = 0, .edits = 1, .reference_tokens = 4},
       .bleu = {},
       .lines = {}}};
  const auto apart = study::stored_separately(study::study_metric_names());
  CHECK(apart.size() > 6);
  for (const auto& metric : study::study_metric_names()) {
    if (std::find(apart.begin(), apart.end(), metric) == apart.end())
      CHECK_NOTHROW(study::figure_of(metric, sentences, std::vector<int64_t>{0}));
    else
      CHECK_THROWS_AS(study::figure_of(metric, sentences, std::vector<int64_t>{0}), std::invalid_argument);
  }
  CHECK_THROWS_AS(study::figure_of("blue", sentences, std::vector<int64_t>{0}), std::invalid_argument);
}

}  // namespace seq2seq::test
