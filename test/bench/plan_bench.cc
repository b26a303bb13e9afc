// Predicted against measured time of an update, on placements whose places are threads of this machine:
//
//     plan_bench CONFIG HARDWARE LENGTH [KEY=VALUE ...]
//
// HARDWARE is a file of `seq2seq plan --measure-costs`. Prints one line per placement, and fails if the error of a
// prediction is more than a tenth and more than the spread of the measurements. Medians of five runs, alternated over
// the placements.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/device.h"
#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/plan/measure.h"
#include "seq2seq/parallel/plan/predict.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/plan_subject.h"

namespace {

using namespace seq2seq;

constexpr int rounds = 5;
constexpr int updates = 9;  // of a run
constexpr double tolerance = 0.1;
constexpr double patience = 600;  // seconds

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Case {
  std::string name;
  std::vector<std::string> set;  // below `placement`
};

std::vector<Case> cases() {
  const std::string two = "devices=[cpu,cpu]", three = "devices=[cpu,cpu,cpu]", four = "devices=[cpu,cpu,cpu,cpu]";
  const auto layers = [](const std::string& devices, const std::string& encoder, const std::string& decoder,
                         const std::string& output, const std::string& schedule, const std::string& chunk) {
    return std::vector<std::string>{
        devices,          "encoder=" + encoder, "decoder=" + decoder, "output=" + output, "schedule.kind=" + schedule,
        "chunk=" + chunk, "threads=per_stage"};
  };
  return {{"one place", {"preset=single"}},
          {"2 places, wavefront, 1", layers(two, "[0,1]", "[0,1]", "[1]", "wavefront", "1")},
          {"2 places, wavefront, 5", layers(two, "[0,1]", "[0,1]", "[1]", "wavefront", "5")},
          {"2 places, deferred, 5", layers(two, "[0,1]", "[0,1]", "[0]", "wavefront_deferred", "5")},
          {"3 places, wavefront, 2", layers(three, "[0,1]", "[0,1]", "[2]", "wavefront", "2")},
          {"3 places, micro-batches", layers(three, "[0,1]", "[0,1]", "[2]", "micro_batch", "1")},
          {"3 places, layer by layer", layers(three, "[0,1]", "[0,1]", "[2]", "layer_by_layer", "1")},
          {"4 places, wavefront, 5", layers(four, "[0,1]", "[2,3]", "[3]", "wavefront", "5")},
          {"8 places, 6 shares, 5",
           {"preset=paper", "devices=[cpu,cpu,cpu,cpu,cpu,cpu,cpu,cpu]", "chunk=5", "threads=per_stage"}}};
}

/// A model at its places, ready to compute gradients, and the prediction of the planner.
struct Prepared {
  std::string name;
  std::shared_ptr<nn::Model> model;
  std::unique_ptr<parallel::PipelineGradients> gradients;
  std::unique_ptr<double> seconds = std::make_unique<double>(0);  // of the latest update
  double predicted = 0;
  std::vector<double> measured;
};

Prepared prepare(const Case& made, const std::vector<std::string>& words, const run::Environment& environment,
                 int threads) {
  std::vector<config::Override> overrides;
  for (size_t word = 4; word < words.size(); ++word) overrides.push_back(config::parse_override(words[word]));
  for (const auto& key : made.set) overrides.push_back(config::parse_override("placement." + key));
  const auto& registries = *environment.registries;
  const auto configuration = run::read_to_check(words[1], overrides, registries);
  const auto& options = configuration->options;
  const auto subject = run::plan_subject(*configuration, std::stoll(words[3]), environment);
  const auto layers = run::layers_of(options.model, registries);
  const auto placement = run::make_placement(options.placement, c10::kCPU, layers, subject.target_words);
  auto hardware = parallel::read_hardware(words[2]);
  const auto plan = run::plan_of(options.placement, placement, hardware, subject.target_words);
  const parallel::PredictionInput input{.outline = &subject.outline,
                                        .hardware = &hardware,
                                        .schedules = options.placement.schedules.get(),
                                        .precision = nn::Precision::float32,
                                        .state_bytes = 0,
                                        .batch = run::batch_of(subject)};
  Prepared prepared;
  prepared.name = made.name;
  prepared.predicted = parallel::predict(input, plan).timeline.seconds;
  prepared.model =
      registries.models.make(options.model.architecture, nn::ModelContext{.source_vocabulary = subject.source_words,
                                                                          .target_vocabulary = subject.target_words,
                                                                          .placement = placement});
  std::unique_ptr<parallel::Executor> executor = std::make_unique<parallel::SerialExecutor>();
  if (plan.workers == parallel::Workers::per_place)
    executor = std::make_unique<parallel::ThreadedExecutor>(placement.places(),
                                                            std::max(1, threads / placement.places()), patience,
                                                            [](const std::string& what) { std::cerr << what << '\n'; });
  const parallel::Observer observer{
      .wants = [](int64_t) { return true; },
      .take = [seconds = prepared.seconds.get()](const parallel::Timeline& timeline) { *seconds = timeline.seconds; }};
  prepared.gradients = std::make_unique<parallel::PipelineGradients>(
      *prepared.model, *prepared.model->staged(), train::LossOptions{},
      options.placement.schedules->make(plan.schedule), plan.chunk, std::move(executor), observer);
  return prepared;
}

int check(const std::vector<std::string>& words) {
  const auto registries = run::builtin_registries();
  Log log(std::cerr, Log::Level::quiet);
  run::Environment environment;
  environment.registries = &registries;
  environment.log = &log;
  const int threads = prepare_machine(0, c10::kCPU).threads;
  std::vector<Prepared> all;
  for (const auto& each : cases()) {
    try {
      all.push_back(prepare(each, words, environment, threads));
    } catch (const UsageError& error) {
      std::cout << fmt::format("{:<26} left out: {}\n", each.name, error.what());
    }
  }
  const auto subject = run::plan_subject(*run::read_to_check(
                                             words[1],
                                             [&] {
                                               std::vector<config::Override> overrides;
                                               for (size_t word = 4; word < words.size(); ++word)
                                                 overrides.push_back(config::parse_override(words[word]));
                                               return overrides;
                                             }(),
                                             registries),
                                         std::stoll(words[3]), environment);
  const auto batch = parallel::equal_batch(run::batch_of(subject));
  for (int round = -1; round < rounds; ++round) {  // the first allocates memory
    for (auto& each : all) {
      std::vector<double> seconds;
      for (int update = 0; update < updates; ++update) {
        each.gradients->accumulate({batch}, 1, {.seed = 1, .update = 1});
        seconds.push_back(*each.seconds);
      }
      if (round >= 0) each.measured.push_back(median_of(seconds));
    }
  }
  int wrong = 0;
  std::cout << fmt::format("{:<26} {:>12} {:>12} {:>8} {:>8}\n", "placement", "predicted", "measured", "error",
                           "spread");
  for (auto& each : all) {
    std::ranges::sort(each.measured);
    const double median = median_of(each.measured);
    const double spread = (each.measured.back() - each.measured.front()) / median;
    const double error = each.predicted / median - 1;
    const bool off = std::abs(error) > std::max(tolerance, spread);
    wrong += off ? 1 : 0;
    std::cout << fmt::format("{:<26} {:>9.2f} ms {:>9.2f} ms {:>6.1f} % {:>6.1f} %{}\n", each.name,
                             1e3 * each.predicted, 1e3 * median, 100 * error, 100 * spread, off ? "  off" : "");
  }
  std::cout << fmt::format("{} of {} predictions are within 10 % or the spread\n", std::ssize(all) - wrong, all.size());
  return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** typed) {
  const std::vector<std::string> words(typed, typed + count);
  if (words.size() < 4) {
    std::cerr << "usage: plan_bench CONFIG HARDWARE LENGTH [KEY=VALUE ...]\n";
    return 2;
  }
  try {
    return check(words);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
