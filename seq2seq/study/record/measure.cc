#include "seq2seq/study/record/measure.h"

#include <chrono>
#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "seq2seq/run/compared.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/numerics.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/study/record/operations.h"
#include "seq2seq/study/record/sentence_columns.h"
#include "seq2seq/study/record/training_facts.h"

namespace seq2seq::study {

namespace {

constexpr size_t most_examples = 8;

/// The keys of search and metrics, whatever the run was trained with.
std::vector<config::Override> settings_of(const run::Configuration& configuration) {
  std::vector<config::Override> settings;
  for (const auto& [key, text, type] : config::values(configuration.keys)) {
    if (run::of_outputs(key)) settings.push_back({key, key, text});
  }
  return settings;
}

/// `VmHWM:  123 kB` of /proc, `model name : ...` of /proc/cpuinfo: what follows the name; empty where there is none.
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

/// Picks sentences from all over the set: neighbours are often of one document, or of one kind.
std::vector<Example> examples_of(const run::LoadedRun& run, const run::EvaluationSet& set) {
  const auto all = static_cast<size_t>(set.corpus.pairs());
  const size_t count = std::min(all, most_examples);
  decode::Sentences sources, targets;
  std::vector<std::string> references;
  std::vector<data::CopiedWords> copied;
  for (size_t i = 0; i < count; ++i) {
    const size_t sentence = i * all / count;
    sources.push_back(set.corpus.source[static_cast<int64_t>(sentence)]);
    targets.push_back(set.corpus.target[static_cast<int64_t>(sentence)]);
    references.push_back(set.references[sentence].front());
    copied.push_back(set.copied[sentence]);
  }
  const auto found = decode::search_all(*run.predictor, sources, *run.text, run.options().decode, {}, &targets);
  std::vector<Example> examples;
  for (size_t i = 0; i < count; ++i) {
    examples.push_back({.source = run.text->source_tokenizer().detokenize(run.text->source_words(sources[i])),
                        .reference = references[i],
                        .output = run::output_line(found[i].front().ids, *run.text, copied[i])});
  }
  return examples;
}

}  // namespace

void check_is_run_of(const std::filesystem::path& path, const Identity& identity, const run::Environment& environment) {
  const RunFolder folder(path);
  const auto description = run::read_description(*environment.files, folder);
  const auto configuration = run::read_configuration(folder.config(), {}, *environment.registries);
  if (training_digest(*configuration, description.data) == identity.training && description.numerics == run::numerics)
    return;
  throw Error(Place{.file = path.string()}, "has another run than its name says: it was changed by hand",
              "Remove the folder to train the run again");
}

Record measure(const std::filesystem::path& folder, const run::Configuration& configuration, const Identity& identity,
               const std::string& cell, const run::Environment& environment) {
  check_is_run_of(folder, identity, environment);
  // Over the places of its training: a model of several devices may not fit one.
  const std::string placement = environment.single_device ? "" : "run";
  const auto run = run::load_run(folder, "best", settings_of(configuration), environment, placement);
  const auto& decode = run.options().decode;
  const auto& test = configuration.options.data.test;
  const auto set = run::read_evaluation_set(test, *run.text);
  Progress progress(*environment.log, "measuring", "sentences", static_cast<double>(set.corpus.pairs()),
                    environment.progress);
  const auto started = std::chrono::steady_clock::now();
  auto sentences = measure_sentences(*run.predictor, set, *run.text, decode, run.options().metrics,
                                     [&progress](int64_t done) { progress.update(static_cast<double>(done)); });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  progress.finish();
  sentences =
      unpack_sentences(pack_sentences(sentences), folder);  // scores as they are kept, so that all figures agree

  const auto metrics = run.folder.metrics();
  auto facts = training_facts(environment.files->read(metrics), metrics);
  facts.update = run.update;
  const auto corpus = run::read_training_data(
                          *run.configuration, environment,
                          run::text_of_run(run.options().data, *environment.registries, run.folder, run.description))
                          .train;
  const auto session = run::session_now(run.description.sessions.back().machine, 0);
  const double operations =
      training_operations(run.model->roles(), facts.epochs * tokens_an_epoch(corpus, corpus.source),
                          facts.epochs * tokens_an_epoch(corpus, corpus.target));
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
          .parameters = run.description.parameters,
          .operations = operations,
          .search_seconds = seconds,
          .peak_bytes = peak_bytes_of_process(),
          .examples = examples_of(run, set),
          .sentences = std::move(sentences)};
}

}  // namespace seq2seq::study
