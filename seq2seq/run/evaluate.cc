#include "seq2seq/run/evaluate.h"

#include <algorithm>
#include <chrono>

#include "seq2seq/core/error.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/length_limits.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

namespace {

const data::FilePair& test_set(const LoadedRun& run) {
  const auto& test = run.options().data.test;
  const std::string remedy = run.options().data.task == data::Task::lm
                                 ? "Name one with `--reference FILE`"
                                 : "Name one with `--source FILE --reference FILE`";
  if (!test.named())
    throw Error(Place{.file = run.folder.config().string()}, "names no test set (`data.test`)", remedy);
  auto files = test.target;
  if (!test.one_sided()) files.insert(files.begin(), test.source);
  for (const auto& file : files) {
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown))
      throw Error(Place{.file = file.string()}, "is part of the run's test set, but does not exist", remedy);
  }
  return test;
}

Evaluation protocol(const EvaluationSet& set, const LoadedRun& run) {
  Evaluation evaluation;
  evaluation.sentences = set.corpus.pairs();
  evaluation.target_tokens = set.corpus.target.tokens();
  evaluation.empty_target = set.corpus.left_out[data::Reason::empty_target].pairs;
  evaluation.invalid = set.corpus.left_out[data::Reason::invalid_utf8].pairs;
  evaluation.most_references = set.most_references;
  for (const auto& references : set.references) evaluation.sentences_with_several += references.size() > 1 ? 1 : 0;
  evaluation.unknown_source = unknown_share(set.corpus.source, *run.text, text::Side::source);
  evaluation.unknown_target = unknown_share(set.corpus.target, *run.text, text::Side::target);
  return evaluation;
}

/// Returns the best output for each line of the files.
std::vector<std::string> by_line(const std::vector<MeasuredOutput>& outputs, const EvaluationSet& set) {
  std::vector<std::string> lines(static_cast<size_t>(set.lines));
  for (size_t i = 0; i < outputs.size(); ++i)
    lines[static_cast<size_t>(set.corpus.number(static_cast<int64_t>(i)))] = outputs[i].line;
  return lines;
}

}  // namespace

Evaluation evaluate(const LoadedRun& run, const std::optional<data::FilePair>& files, const Environment& environment) {
  const auto& measured = files ? *files : test_set(run);
  auto set = read_evaluation_set(measured, *run.text, data::line_remedy);
  check_lengths(set, measured, LengthLimits(*run.model, run.options().data));
  add_other_readings(set, measured, run);
  auto evaluation = protocol(set, run);
  const auto started = std::chrono::steady_clock::now();
  const auto& decode = run.options().decode;
  Progress progress(*environment.log, "evaluating", "sentences", static_cast<double>(set.corpus.pairs()),
                    environment.progress);
  auto shown = decode::on_small_memory(environment.log);
  shown.finished = [&progress](int64_t done) { progress.update(static_cast<double>(done)); };
  const bool lm = run.options().data.task == data::Task::lm;
  evaluation.perplexity =
      measure_perplexity(run.predictor(), set, *run.text, decode.batch, lm ? shown : decode::Done());
  if (!lm) {
    const auto outputs = outputs_of(run, set, environment, shown);
    evaluation.lines = by_line(outputs, set);
    evaluation.outputs = compare_outputs(outputs, set, set.all(), *run.text, run.options().metrics, metric_names());
  }
  for (const auto& kind : metrics::metric_kinds()) {
    if (kind.name == "exact_match") continue;  // of tokens here; the metric of this name compares words
    const auto settings = kind.make(run.options().metrics)->settings();
    evaluation.signatures.emplace(kind.name, metrics::signature(set.references, settings));
  }
  progress.finish();
  evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return evaluation;
}

}  // namespace seq2seq::run
