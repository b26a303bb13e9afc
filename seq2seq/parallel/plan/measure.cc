#include "seq2seq/parallel/plan/measure.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <tuple>

#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>

#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/plan/costs.h"
#include "seq2seq/parallel/plan/fit_costs.h"

namespace seq2seq::parallel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int repeats = 5;             // at least
constexpr double least_seconds = 0.3;  // of repeats, so that small models are measured many times
constexpr double patience = 1e6;       // s: a person would stop it sooner
constexpr std::array<int64_t, 3> measured_chunks{1, 5, 0};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

using JobKey = std::tuple<std::string, Job::Kind, int64_t, int64_t>;  // stage, kind, steps

/// Seconds of each job of an update, with a list of repeats each, and of whole updates.
struct Repeated {
  std::map<JobKey, std::vector<double>> jobs;
  std::vector<double> updates;
};

Repeated run_updates(const nn::Model& model, const BatchSize& size, int64_t chunk, int times) {
  Repeated found;
  const Observer observer{.wants = [](int64_t) { return true; },
                          .take =
                              [&found](const Timeline& timeline) {
                                for (const auto& entry : timeline.entries)
                                  found.jobs[{entry.stage, entry.kind, entry.first_step, entry.last_step}].push_back(
                                      entry.end - entry.start);
                                found.updates.push_back(timeline.seconds);
                              }};
  PipelineGradients gradients(model, *model.staged(), train::LossOptions{},
                              builtin_schedules().make({.kind = "wavefront", .options = {}}), chunk,
                              std::make_unique<SerialExecutor>(), observer);
  const auto batch = equal_batch(size);
  gradients.accumulate({batch}, static_cast<double>(size.sentences), {.seed = 1, .update = 1});
  found = {};  // the first update allocates memory
  const auto begin = Clock::now();
  for (int time = 0; time < times || std::chrono::duration<double>(Clock::now() - begin).count() < least_seconds;
       ++time)
    gradients.accumulate({batch}, static_cast<double>(size.sentences), {.seed = 1, .update = 1});
  return found;
}

/// Runs the same work on this many threads at once, each with a team, like the workers of places.
void run_at_once(int threads, int team, const std::function<void(int thread)>& work) {
  ThreadedExecutor executor(threads, team, patience, [](const std::string&) {});
  JobGraph graph;
  graph.places = threads;
  graph.stages.resize(1);
  std::vector<int64_t> order;
  for (int thread = 0; thread < threads; ++thread) {
    Job job;
    job.place = thread;
    graph.jobs.push_back(std::move(job));
    order.push_back(thread);
  }
  executor.run(graph, order, [&](int64_t job) { work(static_cast<int>(job)); }, {});
}

/// Returns the seconds from the end of a job to the start of a job at another place that waits for it.
double hand_over_seconds() {
  constexpr int64_t jobs = 400;
  ThreadedExecutor executor(2, 1, patience, [](const std::string&) {});
  JobGraph graph;
  graph.places = 2;
  graph.stages.resize(1);
  std::vector<int64_t> order;
  for (int64_t job = 0; job < jobs; ++job) {
    Job next;
    next.place = job % 2;
    if (job > 0) next.needs = {job - 1};
    graph.jobs.push_back(std::move(next));
    order.push_back(job);
  }
  std::vector<double> seconds;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    double last = 0;
    executor.run(
        graph, order, [](int64_t) {}, [&](int64_t, double, double end) { last = end; });
    seconds.push_back(last / jobs);
  }
  return median(std::move(seconds));
}

/// Returns the field of the costs for a job's kind.
std::vector<double>* field_of(MeasuredOptions& measured, const nn::Stage& stage, Job::Kind kind) {
  return const_cast<std::vector<double>*>(measured_cost(measured, stage, kind));  // `measured` is not const
}

/// All measurements, one kind of update after another.
class Measurement {
 public:
  Measurement(const std::vector<std::shared_ptr<nn::Model>>& models, const BatchSize& batch,
              const std::function<void(int done, int all)>& done)
      : models_(models), outline_(outline_of(*models.front())), batch_(batch), report_(done) {}

  Hardware make() {
    for (const int64_t sentences : {batch_.sentences, std::max<int64_t>(1, batch_.sentences / 4)})
      for (const int64_t chunk : measured_chunks) measure_jobs(sentences, chunk);
    Hardware hardware;
    for (const auto& [field, samples] : samples_)
      *field_of(hardware.measured, field.first, field.second) = fit_costs(samples);
    const auto processors = static_cast<int>(models_.size());
    hardware.processors = {.count = processors, .speed_up = 1, .together = 1};
    hardware.link = {.bandwidth = 1e12, .latency = processors > 1 ? hand_over_seconds() : 0};
    measure_sharing(hardware.processors);
    describe_device(hardware);
    return hardware;
  }

 private:
  static constexpr size_t all_steps = 2 * measured_chunks.size() + repeats + 1;
  static constexpr int64_t usual_chunk = 5;

  /// Orders pairs of stage and job by the kind of cost, so that the first stage of a kind represents all.
  struct Before {
    bool operator()(const std::pair<nn::Stage, Job::Kind>& a, const std::pair<nn::Stage, Job::Kind>& b) const {
      MeasuredOptions both;
      return std::less<>()(measured_cost(both, a.first, a.second), measured_cost(both, b.first, b.second));
    }
  };

  void report_step() {
    if (report_) report_(++done_, static_cast<int>(all_steps));
  }

  void measure_jobs(int64_t sentences, int64_t chunk) {
    auto size = batch_;
    size.sentences = sentences;
    Repeated found;
    run_at_once(1, 1, [&](int) { found = run_updates(*models_.front(), size, chunk, repeats); });
    for (const auto& [key, seconds] : found.jobs) add_sample(key, sentences, median(seconds));
    report_step();
  }

  void add_sample(const JobKey& key, int64_t sentences, double seconds) {
    const auto& [name, kind, first, last] = key;
    const auto outlined =
        std::ranges::find_if(outline_.stages, [&name = name](const auto& each) { return each.stage.name == name; });
    MeasuredOptions any;
    if (measured_cost(any, outlined->stage, kind) == nullptr) return;
    const nn::Piece piece{
        .first_step = first, .last_step = last, .first_row = first * sentences, .last_row = last * sentences};
    samples_[{outlined->stage, kind}].push_back({.steps = static_cast<double>(last - first),
                                                 .millions = millions_of(*outlined, kind, piece),
                                                 .seconds = seconds});
  }

  /// Measures one update on one processor, one update on each processor, and one update on all processors, in turn, so
  /// that other programs affect each equally.
  void measure_sharing(ProcessorOptions& processors) {
    const auto count = static_cast<double>(models_.size());
    std::vector<double> together, speed_up;
    for (int round = 0; round < repeats; ++round) {
      const double alone = update_seconds(1, 1);
      together.push_back(count * alone / update_seconds(static_cast<int>(models_.size()), 1));
      speed_up.push_back(alone / update_seconds(1, static_cast<int>(models_.size())));
      report_step();
    }
    processors.together = std::clamp(median(together), 1.0, count);
    processors.speed_up = std::clamp(median(speed_up), 1.0, count);
  }

  /// Returns the seconds of an update, with updates on this many threads at a time, each with a team.
  double update_seconds(int threads, int team) {
    std::vector<double> seconds(static_cast<size_t>(threads));
    run_at_once(threads, team, [&](int thread) {
      const auto which = static_cast<size_t>(thread);
      seconds[which] = median(run_updates(*models_[which], batch_, usual_chunk, 1).updates);
    });
    return median(seconds);
  }

  /// Measures plain products and memory, for everything that the measured costs do not cover.
  void describe_device(Hardware& hardware) {
    hardware.device.rows = {1, 32, 512};
    run_at_once(1, 1, [&](int) {
      constexpr int64_t width = 512;
      const auto matrix = at::ones({width, 4 * width});
      for (const double rows : hardware.device.rows) {
        const auto left = at::ones({static_cast<int64_t>(rows), width});
        hardware.device.float32.push_back(2 * rows * static_cast<double>(matrix.numel()) /
                                          seconds_of([&] { at::mm(left, matrix); }));
      }
      const auto large = at::ones({int64_t{1} << 24});
      auto other = at::ones_like(large);
      hardware.device.bandwidth = 2 * static_cast<double>(large.nbytes()) / seconds_of([&] { other.copy_(large); });
    });
    hardware.device.kernel = 0;
    hardware.launch = {.seconds = 0, .job = 0, .step_forward = 0, .step_backward = 0};
    report_step();
  }

  static double seconds_of(const std::function<void()>& work) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat <= repeats; ++repeat) {
      const auto begin = Clock::now();
      work();
      seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return median(std::move(seconds));
  }

  const std::vector<std::shared_ptr<nn::Model>>& models_;
  Outline outline_;
  BatchSize batch_;
  const std::function<void(int done, int all)>& report_;
  std::map<std::pair<nn::Stage, Job::Kind>, std::vector<CostSample>, Before> samples_;
  int done_ = 0;
};

}  // namespace

data::Batch equal_batch(const BatchSize& size) {
  const auto sentences = [&](int64_t steps) {
    return std::vector<std::vector<int64_t>>(static_cast<size_t>(size.sentences),
                                             std::vector<int64_t>(static_cast<size_t>(steps), 1));
  };
  std::vector<int64_t> keys;
  for (int64_t key = 0; key < size.sentences; ++key) keys.push_back(key);
  data::Batch batch;
  batch.source = data::pack(sentences(size.source), keys);
  batch.inputs = data::pack(sentences(size.target), keys);
  batch.targets = batch.inputs.with(data::pack(sentences(size.target), keys).rows);
  batch.weights = at::ones({size.sentences});
  return batch;
}

Hardware measure_costs(const std::vector<std::shared_ptr<nn::Model>>& models, const BatchSize& batch,
                       const std::function<void(int done, int all)>& done) {
  return Measurement(models, batch, done).make();
}

}  // namespace seq2seq::parallel
