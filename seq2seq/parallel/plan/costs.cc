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

/// Numbers of the derivatives of its matrices. A whole output layer has derivatives for all its words, even if it
/// computes with only some of them; a share has them for its own words.
double written_by(const Stage& stage) {
  if (stage.name != "output") return stage.products;
  double numbers = 0;
  for (const auto& parameter : stage.parameters)
    if (parameter.dim() == 2) numbers += static_cast<double>(parameter.numel());
  return numbers;
}

class Costs {
 public:
  Costs(const Outline& placed, const Layout& layout, const Hardware& hardware, nn::Precision precision)
      : placed_(placed), layout_(layout), hardware_(hardware), precision_(precision), bytes_(bytes_of(precision)) {
    readers_.resize(placed.stages.size());
    for (size_t stage = 0; stage < placed.stages.size(); ++stage)
      for (const auto& input : placed.stages[stage].stage.inputs)
        readers_[static_cast<size_t>(input.stage)].emplace_back(stage, input.needs);
  }

  /// Number of `sentences` of the micro-batch, and its rows on either side.
  struct PartSizes {
    double sentences = 0, source = 0, target = 0;
    double rows(nn::Side side) const { return side == nn::Side::source ? source : target; }
  };

  JobCost of(const Job& job, const PartSizes& sizes) const {
    const auto& outlined = placed_.stages[static_cast<size_t>(job.stage)];
    JobCost cost;
    if (const auto& measured = hardware_.measured; measured.any()) {
      if (const auto* costs = measured_cost(measured, outlined.stage, job.kind); costs != nullptr && costs->size() == 3)
        cost.products = (*costs)[0] + (*costs)[1] * static_cast<double>(job.piece.steps()) +
                        (*costs)[2] * millions_of(outlined, job.kind, job.piece);
    } else {
      compute(job, outlined, cost);
    }
    if (job.kind != Job::Kind::weights) cost.transfer = transfers(job, sizes);
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
      if (!is_embedding(stage)) move(2 * written_by(stage), cost);  // added to those of other pieces
      if (is_embedding(stage) && job.piece.first_step == 0) move(2 * outlined.numbers, cost);  // once, completely
    }
    cost.kernels += kernels * hardware_.device.kernel;
    if (!hardware_.shares_processors()) cost.issue = kernels * hardware_.launch.seconds;
  }

  /// `times` products of `rows` rows with matrices of `numbers` numbers, which are read each time.
  void add_products(double rows, double numbers, double times, JobCost& cost) const {
    if (numbers <= 0 || rows <= 0) return;
    const double computed = operations * rows * numbers / hardware_.speed(precision_, rows);
    const double read = numbers * bytes_ / hardware_.device.bandwidth;
    cost.products += times * computed;
    cost.memory += times * std::max(0.0, read - computed);
  }

  void move(double numbers, JobCost& cost) const { cost.memory += numbers * bytes_ / hardware_.device.bandwidth; }

  int64_t device_of(size_t stage) const {
    return layout_.devices[static_cast<size_t>(placed_.stages[stage].stage.place)];
  }

  /// Forward, a stage copies its inputs; backward, it copies the gradients from its readers.
  double transfers(const Job& job, const PartSizes& sizes) const {
    const auto stage = static_cast<size_t>(job.stage);
    const auto& inputs = placed_.stages[stage].stage.inputs;
    const bool forward = job.kind == Job::Kind::forward;
    std::vector<std::pair<size_t, StageInput::Needs>> others;
    if (forward)
      for (const auto& input : inputs) others.emplace_back(static_cast<size_t>(input.stage), input.needs);
    if (hardware_.shares_processors()) {  // no copies, but a thread has to wake
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
      if (!forward && placed_.stages[other].stage.name == "loss") continue;  // the stage copies the joined losses below
      seconds += transfer(needs, from, job, forward, sizes);
    }
    if (!forward && is_output(placed_.stages[stage].stage))
      for (const auto& [other, needs] : readers_[stage])
        if (device_of(other) != device_of(stage)) seconds += over_link(2 * static_cast<double>(job.piece.rows()));
    return seconds;
  }

  double transfer(StageInput::Needs needs, const Stage& from, const Job& job, bool forward,
                  const PartSizes& sizes) const {
    const auto width = static_cast<double>(from.width), rows = static_cast<double>(job.piece.rows());
    if (needs == StageInput::Needs::steps) return over_link(width * rows);
    const bool crosses = forward ? job.piece.first_step == 0 : true;  // the first piece copies everything
    if (!crosses) return 0;
    if (needs == StageInput::Needs::rows) return over_link(width * (forward ? sizes.rows(from.side) : rows));
    return from.recurrent ? over_link(2 * width * sizes.sentences) : 0;
  }

  double over_link(double numbers) const {
    return hardware_.link.latency + numbers * bytes_ / hardware_.link.bandwidth;
  }

  const Outline& placed_;
  const Layout& layout_;
  const Hardware& hardware_;
  nn::Precision precision_;
  double bytes_;
  std::vector<std::vector<std::pair<size_t, StageInput::Needs>>> readers_;  // of each stage
};

}  // namespace

double bytes_of(nn::Precision precision) { return precision == nn::Precision::bf16 ? 2 : 4; }

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
                              const Hardware& hardware, nn::Precision precision) {
  const Costs costs(placed, layout, hardware, precision);
  std::vector<Costs::PartSizes> sizes;  // of each micro-batch
  for (const auto& job : graph.jobs) {
    const auto part = static_cast<size_t>(job.micro_batch);
    if (sizes.size() <= part) sizes.resize(part + 1);
    const double at_a_step =
        static_cast<double>(job.piece.rows()) / static_cast<double>(std::max<int64_t>(1, job.piece.steps()));
    sizes[part].sentences = std::max(sizes[part].sentences, at_a_step);
    const bool source = graph.stages[static_cast<size_t>(job.stage)].side == nn::Side::source;
    auto& rows = source ? sizes[part].source : sizes[part].target;
    rows = std::max(rows, static_cast<double>(job.piece.last_row));
  }
  std::vector<JobCost> made;
  for (const auto& job : graph.jobs) made.push_back(costs.of(job, sizes[static_cast<size_t>(job.micro_batch)]));
  return made;
}

}  // namespace seq2seq::parallel
