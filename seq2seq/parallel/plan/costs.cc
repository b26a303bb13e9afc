#include "seq2seq/parallel/plan/costs.h"

#include <algorithm>
#include <set>
#include <utility>

namespace seq2seq::parallel {
namespace {

using nn::Stage;
using nn::StageInput;

constexpr double operations = 2;  // of a product: a multiplication and an addition
constexpr double million = 1e6;

bool is_embedding(const Stage& stage) { return stage.name.starts_with("embeddings."); }
bool is_output(const Stage& stage) { return stage.name.starts_with("output"); }

class Costs {
 public:
  Costs(const Outline& placed, const Layout& layout, const Hardware& hardware, Arithmetic arithmetic)
      : placed_(placed), layout_(layout), hardware_(hardware), arithmetic_(arithmetic), bytes_(bytes_of(arithmetic)) {
    readers_.resize(placed.stages.size());
    for (size_t stage = 0; stage < placed.stages.size(); ++stage)
      for (const auto& input : placed.stages[stage].stage.inputs)
        readers_[static_cast<size_t>(input.stage)].emplace_back(stage, input.needs);
  }

  JobCost of(const Job& job, double sentences) const {
    const auto& outlined = placed_.stages[static_cast<size_t>(job.stage)];
    JobCost cost;
    if (const auto& measured = hardware_.measured; measured.any()) {
      if (const auto* costs = measured_cost(measured, outlined.stage, job.kind); costs != nullptr && costs->size() == 3)
        cost.products = (*costs)[0] + (*costs)[1] * static_cast<double>(job.piece.steps()) +
                        (*costs)[2] * millions_of(outlined, job.kind, job.piece);
    } else {
      compute(job, outlined, cost);
    }
    if (job.kind != Job::Kind::weights) cost.transfer = transfers(job, sentences);
    return cost;
  }

 private:
  void compute(const Job& job, const OutlinedStage& outlined, JobCost& cost) const {
    const auto& stage = outlined.stage;
    const auto rows = static_cast<double>(job.piece.rows()), steps = static_cast<double>(job.piece.steps());
    const bool forward = job.kind == Job::Kind::forward, weights = job.kind == Job::Kind::weights;
    const bool with_weights = weights || (job.kind == Job::Kind::backward && !stage.defers_weights);
    double kernels = hardware_.launch.job;
    if (!weights) {
      add_products(rows, stage.products - outlined.recurrent_products, 1, cost);
      if (outlined.recurrent_products > 0) {
        add_products(rows / std::max(steps, 1.0), outlined.recurrent_products, steps, cost);
        kernels += steps * (forward ? hardware_.launch.step_forward : hardware_.launch.step_backward);
      }
      move(2 * rows * static_cast<double>(stage.kept), cost);
    }
    if (with_weights) {
      add_products(rows, stage.products, 1, cost);
      if (!is_embedding(stage)) move(2 * stage.products, cost);  // added to what other pieces gave
      if (is_embedding(stage) && job.piece.first_step == 0) move(2 * outlined.numbers, cost);  // made once, whole
    }
    cost.kernels += kernels * hardware_.device.kernel;
    if (!hardware_.shares_processors()) cost.issue = kernels * hardware_.launch.seconds;
  }

  /// `times` products of `rows` rows by matrices of `numbers` numbers, which are read each time.
  void add_products(double rows, double numbers, double times, JobCost& cost) const {
    if (numbers <= 0 || rows <= 0) return;
    const double computed = operations * rows * numbers / hardware_.speed(arithmetic_, rows);
    const double read = numbers * bytes_ / hardware_.device.bandwidth;
    cost.products += times * computed;
    cost.memory += times * std::max(0.0, read - computed);
  }

  void move(double numbers, JobCost& cost) const { cost.memory += numbers * bytes_ / hardware_.device.bandwidth; }

  int64_t device_of(size_t stage) const {
    return layout_.devices[static_cast<size_t>(placed_.stages[stage].stage.place)];
  }

  /// Forward a stage copies what it reads; backward it copies what its readers made of it.
  double transfers(const Job& job, double sentences) const {
    const auto stage = static_cast<size_t>(job.stage);
    const auto& inputs = placed_.stages[stage].stage.inputs;
    const bool forward = job.kind == Job::Kind::forward;
    std::vector<std::pair<size_t, StageInput::Needs>> others;
    if (forward)
      for (const auto& input : inputs) others.emplace_back(static_cast<size_t>(input.stage), input.needs);
    if (hardware_.shares_processors()) {  // nothing is copied, but a thread has to wake
      const auto place = placed_.stages[stage].stage.place;
      const bool waits = std::ranges::any_of(forward ? others : readers_[stage], [&](const auto& other) {
        return placed_.stages[other.first].stage.place != place;
      });
      return waits ? hardware_.link.latency : 0;
    }
    double seconds = 0;
    for (const auto& [other, needs] : forward ? others : readers_[stage]) {
      if (device_of(other) == device_of(stage)) continue;
      const auto& from = placed_.stages[forward ? other : stage].stage;
      if (!forward && placed_.stages[other].stage.name == "loss") continue;  // copies the joined losses below
      seconds += transfer(needs, from, job, forward, sentences);
    }
    if (!forward && is_output(placed_.stages[stage].stage))
      for (const auto& [other, needs] : readers_[stage])
        if (device_of(other) != device_of(stage)) seconds += over_link(2 * static_cast<double>(job.piece.rows()));
    return seconds;
  }

  double transfer(StageInput::Needs needs, const Stage& from, const Job& job, bool forward, double sentences) const {
    const auto width = static_cast<double>(from.width);
    if (needs == StageInput::Needs::steps) return over_link(width * static_cast<double>(job.piece.rows()));
    const bool crosses = forward ? job.piece.first_step == 0 : true;  // a last state, once
    return crosses && from.recurrent ? over_link(2 * width * sentences) : 0;
  }

  double over_link(double numbers) const {
    return hardware_.link.latency + numbers * bytes_ / hardware_.link.bandwidth;
  }

  const Outline& placed_;
  const Layout& layout_;
  const Hardware& hardware_;
  Arithmetic arithmetic_;
  double bytes_;
  std::vector<std::vector<std::pair<size_t, StageInput::Needs>>> readers_;  // of each stage
};

}  // namespace

double bytes_of(Arithmetic arithmetic) { return arithmetic == Arithmetic::bfloat16 ? 2 : 4; }

double millions_of(const OutlinedStage& outlined, Job::Kind kind, const nn::Piece& piece) {
  const auto& stage = outlined.stage;
  if (is_embedding(stage) && kind == Job::Kind::weights)
    return piece.first_step == 0 ? static_cast<double>(stage.parameters.front().numel()) / million : 0;
  const double numbers = stage.products > 0 ? stage.products : static_cast<double>(stage.width);
  return static_cast<double>(piece.rows()) * numbers / million;
}

const std::vector<double>* measured_cost(const MeasuredOptions& measured, const Stage& stage, Job::Kind kind) {
  const auto pick = [kind](const auto& forward, const auto& backward, const auto& weights) {
    return kind == Job::Kind::forward ? &forward : kind == Job::Kind::backward ? &backward : &weights;
  };
  if (stage.name == "loss") return kind == Job::Kind::forward ? &measured.loss_forward : nullptr;
  if (is_embedding(stage))
    return pick(measured.embeddings_forward, measured.embeddings_backward, measured.embeddings_weights);
  if (is_output(stage)) return pick(measured.output_forward, measured.output_backward, measured.output_weights);
  return pick(measured.layer_forward, measured.layer_backward, measured.layer_weights);
}

std::vector<JobCost> costs_of(const JobGraph& graph, const Outline& placed, const Layout& layout,
                              const Hardware& hardware, Arithmetic arithmetic) {
  const Costs costs(placed, layout, hardware, arithmetic);
  std::vector<double> sentences;  // of each micro-batch
  for (const auto& job : graph.jobs) {
    const auto part = static_cast<size_t>(job.micro_batch);
    if (sentences.size() <= part) sentences.resize(part + 1, 0);
    const double at_a_step =
        static_cast<double>(job.piece.rows()) / static_cast<double>(std::max<int64_t>(1, job.piece.steps()));
    sentences[part] = std::max(sentences[part], at_a_step);
  }
  std::vector<JobCost> made;
  for (const auto& job : graph.jobs) made.push_back(costs.of(job, sentences[static_cast<size_t>(job.micro_batch)]));
  return made;
}

}  // namespace seq2seq::parallel
