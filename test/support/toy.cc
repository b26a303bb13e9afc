#include "test/support/toy.h"

#include <algorithm>
#include <stdexcept>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/core/run_folder.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"

namespace seq2seq::test {

namespace {

// Small, with dropout and a schedule, so that both are in every resume.
constexpr const char* configuration = R"(
seed: 1
data:
  train: {source: train.source, target: train.target}
  validation: {source: held.source, target: held.target}
  test: {source: held.source, target: held.target}
  reverse: none
model:
  embedding: {size: 8}
  encoder: {kind: lstm, layers: 2, cells: 12}
  decoder: {kind: lstm, layers: 2, cells: 12}
  dropout: {layers: 0.2}
train:
  batch: {sentences: 16}
  optimizer: {kind: adam, learning_rate: 0.01}
  schedule: {kind: linear, warmup_updates: 5}
  updates: 30
  report_every_updates: 5
  validate: {every_updates: 10}
  checkpoint: {every_updates: 5, keep: 10}
decode: {beam: 2}
)";

std::string line_of(const Symbols& symbols) {
  std::string line;
  for (const auto& symbol : symbols) line += (line.empty() ? "" : " ") + symbol;
  return line;
}

}  // namespace

Symbols copied(Symbols source) { return source; }

Symbols turned(Symbols source) {
  std::reverse(source.begin(), source.end());
  return source;
}

std::vector<Symbols> shuffled_sequences(int letters, int64_t longest, uint64_t seed) {
  std::vector<Symbols> all, previous{{}};
  for (int64_t length = 1; length <= longest; ++length) {
    std::vector<Symbols> next;
    for (const auto& shorter : previous) {
      for (int letter = 0; letter < letters; ++letter) {
        next.push_back(shorter);
        next.back().push_back(std::string(1, static_cast<char>('a' + letter)));
      }
    }
    all.insert(all.end(), next.begin(), next.end());
    previous = std::move(next);
  }
  std::vector<Symbols> shuffled;
  for (const int64_t index : permutation(std::ssize(all), RandomStream(seed, Purpose::sampling), 0))
    shuffled.push_back(all[static_cast<size_t>(index)]);
  return shuffled;
}

std::string lines_of(const std::vector<Symbols>& sentences) {
  std::string text;
  for (const auto& sentence : sentences) text += line_of(sentence) + "\n";
  return text;
}

std::vector<std::string> lines_in(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Toy::Toy(const Task& task, int letters, int64_t longest, size_t held_out)
    : log_(messages_), registries_(run::builtin_registries()) {
  const auto sources = shuffled_sequences(letters, longest, /*seed=*/7);
  std::vector<Symbols> targets;
  for (const auto& source : sources) targets.push_back(task(source));
  const auto split = static_cast<std::ptrdiff_t>(held_out);
  folder_.file("held.source", lines_of({sources.begin(), sources.begin() + split}));
  folder_.file("held.target", lines_of({targets.begin(), targets.begin() + split}));
  folder_.file("train.source", lines_of({sources.begin() + split, sources.end()}));
  folder_.file("train.target", lines_of({targets.begin() + split, targets.end()}));
  folder_.file("toy.yaml", configuration);
  environment.registries = &registries_;
  environment.log = &log_;
  environment.threads = 1;
}

train::Outcome Toy::train(const std::string& run, const std::vector<std::string>& set) {
  return run::train_new(
      {.config = folder_ / "toy.yaml", .overrides = overrides(set), .folder = folder_ / run, .init_from = {}},
      environment);
}

train::Outcome Toy::train_from(const std::string& run, const std::string& init_from,
                               const std::vector<std::string>& set) {
  return run::train_new({.config = folder_ / "toy.yaml",
                         .overrides = overrides(set),
                         .folder = folder_ / run,
                         .init_from = folder_ / init_from},
                        environment);
}

train::Outcome Toy::resume(const std::string& run, const std::vector<std::string>& set,
                           const std::optional<std::string>& checkpoint) {
  return run::resume(folder_ / run, overrides(set), environment, checkpoint);
}

run::LoadedRun Toy::load(const std::string& run, const std::string& checkpoint, const std::vector<std::string>& set) {
  return run::load_run(folder_ / run, checkpoint, overrides(set), environment);
}

void kill_before_first_checkpoint(Toy& toy, const std::string& run, const std::function<void()>& train) {
  const RunFolder folder(toy / run);
  for (int killed_at = 1; killed_at < 100; ++killed_at) {
    FailingFiles files(disk_files(), killed_at, FailingFiles::Mode::from_then_on);
    toy.environment.files = &files;
    try {
      train();
    } catch (const Error&) {  // killed
    }
    toy.environment.files = &disk_files();
    if (fs::exists(folder.metrics()) && folder.updates().empty()) return;
    fs::remove_all(folder.root());
  }
  throw std::logic_error("no operation lies between the first measurement and the first checkpoint");
}

std::vector<config::Override> overrides(const std::vector<std::string>& set) {
  std::vector<config::Override> all;
  for (const auto& each : set) all.push_back(config::parse_override(each));
  return all;
}

std::map<std::string, std::string> parameters_of(const fs::path& run, int64_t update) {
  const auto folder = RunFolder(run).checkpoint(update);
  std::map<std::string, std::string> bytes;
  for (const auto* file : {"weights.safetensors", "optimizer.safetensors"}) bytes[file] = content_of(folder / file);
  return bytes;
}

void check_exact_resume(Toy& toy, const std::vector<std::string>& set) {
  auto whole = set, cut = set;
  whole.emplace_back("train.updates=10");
  cut.emplace_back("train.updates=5");
  toy.train("whole", whole);
  toy.train("cut", cut);
  toy.resume("cut", {"train.updates=10"});
  CHECK((parameters_of(toy / "cut", 10) == parameters_of(toy / "whole", 10)));
}

}  // namespace seq2seq::test
