#include "seq2seq/study/record/measure.h"

#include <chrono>
#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/numerics.h"
#include "seq2seq/run/output_words.h"
#include "seq2seq/study/record/operations.h"
#include "seq2seq/study/record/sentence_columns.h"
#include "seq2seq/study/record/training_facts.h"

namespace seq2seq::study {

namespace {

constexpr size_t most_examples = 8;

/// Returns the keys of search and metrics, which apply to runs of any configuration.
std::vector<config::Override> settings_of(const run::Configuration& configuration) {
  std::vector<config::Override> settings;
  for (const auto& [key, text, type] : config::values(configuration.keys)) {
    if (run::of_outputs(key)) settings.push_back({key, key, text});
  }
  return settings;
}

/// Returns the text after a name in `VmHWM:  123 kB` of /proc, or `model name : ...` of /proc/cpuinfo; empty if the
/// name is missing.
std::string system_line(const char* file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(name, 0) != 0) continue;
    const auto start = line.find_first_not_of(" \t", line.find(':') + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return {};
}

int64_t peak_bytes_of_process() {
  constexpr int64_t kib = 1024;
  const auto text = system_line("/proc/self/status", "VmHWM");
  return text.empty() ? 0 : std::stoll(text) * kib;
}

/// Picks sentences from the whole set, because neighbours are often of one document, or of one kind. A language model
/// has no outputs, and so no examples.
std::vector<Example> examples_of(const run::LoadedRun& run, const run::EvaluationSet& set,
                                 const std::vector<run::MeasuredOutput>& outputs) {
  const size_t all = outputs.size(), count = std::min(all, most_examples);
  std::vector<Example> examples;
  for (size_t i = 0; i < count; ++i) {
    const size_t sentence = i * all / count;
    const auto words = run.text->source_words(set.corpus.source[static_cast<int64_t>(sentence)]);
    examples.push_back({.source = run.text->source_tokenizer().detokenize(words),
                        .reference = set.references[sentence].front(),
                        .output = outputs[sentence].line});
  }
  return examples;
}

/// Loads the run, or all runs as an ensemble.
run::LoadedRun load(const std::vector<TrainedRun>& runs, const run::Configuration& configuration,
                    const run::Environment& environment) {
  // Uses the places of its training, because a model of several devices may not fit one.
  const std::string placement = environment.single_device ? "" : "run";
  const auto load_one = [&](size_t index) {
    check_is_run_of(runs[index], environment);
    return run::load_run(runs[index].folder, "best", settings_of(configuration), environment, placement);
  };
  return run::load_joined(runs.size(), load_one, /*weights=*/{});
}

/// Returns the facts of the first run, with the time of all. An ensemble has no learning curve.
TrainingFacts facts_of(const run::LoadedRun& run, const run::Environment& environment) {
  const auto read = [&environment](const run::LoadedRun& each) {
    const auto metrics = each.folder.metrics();
    return training_facts(environment.files->read(metrics), metrics);
  };
  auto facts = read(run);
  facts.update = run.update;
  for (const auto& other : run.others) facts.seconds += read(other).seconds;
  if (!run.others.empty()) facts.curve.clear();
  return facts;
}

}  // namespace

void check_is_run_of(const TrainedRun& run, const run::Environment& environment) {
  const RunFolder folder(run.folder);
  const auto description = run::open_description(*environment.files, folder);
  const auto configuration = run::read_configuration(folder.config(), {}, *environment.registries);
  if (training_digest(*configuration, description.data) == run.identity.training &&
      description.numerics == run::numerics)
    return;
  throw Error(Place{.file = run.folder.string()}, "has another run than its name says: it was changed by hand",
              "Remove the folder to train the run again");
}

Record Measurer::measure(const std::vector<TrainedRun>& runs, const run::Configuration& configuration,
                         const Identity& identity, const std::string& cell, const std::vector<std::string>& metrics) {
  const auto run = load(runs, configuration, environment_);
  const auto& test = configuration.options.data.test;
  auto set = run::read_evaluation_set(test, *run.text, data::line_remedy);
  run::add_other_readings(set, test, run);
  Progress progress(*environment_.log, "measuring", "sentences", static_cast<double>(set.corpus.pairs()),
                    environment_.progress);
  const auto started = std::chrono::steady_clock::now();
  auto done = decode::on_small_memory(environment_.log);
  done.finished = [&progress](int64_t sentences) { progress.update(static_cast<double>(sentences)); };
  std::vector<run::MeasuredOutput> outputs;
  if (run.options().data.task != data::Task::lm) outputs = run::outputs_of(run, set, environment_, done);
  auto sentences = measure_sentences(run.predictor(), set, *run.text, run.options().decode.batch, outputs,
                                     run.options().metrics, metrics);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  progress.finish();
  sentences = unpack_sentences(pack_sentences(sentences),
                               runs.front().folder);  // scores as stored, so that all figures agree

  auto facts = facts_of(run, environment_);
  const auto tokens = counter_.count(run, environment_);
  const auto session = run::session_now(run.description.sessions.back().machine, 0);
  const auto members = static_cast<int64_t>(runs.size());  // of the same shape and text
  const double operations =
      static_cast<double>(members) *
      training_operations(run.model->roles(), facts.epochs * tokens.source, facts.epochs * tokens.target);
  auto parameters = run.description.parameters;
  for (auto& [part, count] : parameters) count *= members;
  return {.identity = identity,
          .seed = configuration.options.seed,
          .numerics = run::numerics,
          .cell = cell,
          .program = version().number,
          .commit = version().commit,
          .created = session.started,
          .dirty = version().dirty || run.description.trained_by_dirty_program(),
          .machine = session.machine,
          .processor = system_line("/proc/cpuinfo", "model name"),
          .training = std::move(facts),
          .parameters = std::move(parameters),
          .operations = operations,
          .search_seconds = seconds,
          .peak_bytes = peak_bytes_of_process(),
          .examples = examples_of(run, set, outputs),
          .sentences = std::move(sentences)};
}

}  // namespace seq2seq::study
