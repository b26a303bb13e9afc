#include "seq2seq/train/update.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/train/clip.h"

namespace seq2seq::train {
namespace {

/// Returns `news.fr:3, web.fr:17 and 120 more pairs`.
std::string places_of(const std::set<int64_t>& numbers, const Setup& setup) {
  constexpr size_t kShown = 8;
  std::vector<std::string> shown;
  for (const int64_t number : numbers) {
    if (shown.size() == kShown) break;
    shown.push_back(setup.place_of_pair ? setup.place_of_pair(number)
                                        : fmt::format("pair {} of the training text", format_count(number + 1)));
  }
  const auto more = numbers.size() - shown.size();
  return fmt::format("{}{}", fmt::join(shown, ", "), more > 0 ? fmt::format(" and {} more pairs", more) : "");
}

/// Numbers of pairs: those with a token of non-finite loss, and all pairs.
struct Pairs {
  std::set<int64_t> at_fault, all;
};

Pairs pairs_of(const std::vector<data::Batch>& batches, const std::vector<at::Tensor>& losses) {
  Pairs pairs;
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto& layout = *batches[i].targets.layout;
    const auto keys = layout.key.to(at::kCPU);
    const auto bad = losses[i].isfinite().logical_not().to(layout.owner.device());
    const auto owners = layout.owner.masked_select(bad).to(at::kCPU);
    for (int64_t row = 0; row < owners.size(0); ++row)
      pairs.at_fault.insert(keys[owners[row].item<int64_t>()].item<int64_t>());
    for (int64_t pair = 0; pair < keys.size(0); ++pair) pairs.all.insert(keys[pair].item<int64_t>());
  }
  return pairs;
}

/// Returns the pairs of all ranks. Exchanges them as text: one line for each of the two sets.
Pairs joined(Team& team, const Pairs& mine) {
  Pairs pairs;
  for (const auto& of_rank :
       team.gather(fmt::format("{}\n{}\n", fmt::join(mine.at_fault, " "), fmt::join(mine.all, " ")))) {
    std::istringstream lines(of_rank);
    for (auto* set : {&pairs.at_fault, &pairs.all}) {
      std::string line;
      std::getline(lines, line);
      std::istringstream numbers(line);
      for (int64_t number = 0; numbers >> number;) set->insert(number);
    }
  }
  return pairs;
}

bool lie_on_processor(const NamedParameters& parameters) {
  return std::ranges::all_of(parameters, [](const auto& named) { return named.second.is_cpu(); });
}

bool lie_on_gpus(const NamedParameters& parameters) {
  return !parameters.empty() &&
         std::ranges::none_of(parameters, [](const auto& named) { return named.second.is_cpu(); });
}

std::vector<at::Tensor> stored_numbers_of(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> numbers;
  for (const auto& gradient : gradients) numbers.push_back(nn::stored_numbers(gradient));
  return numbers;
}

}  // namespace

Updater::Updater(const TrainOptions& options, const Setup& setup, NamedParameters parameters)
    : options_(options),
      setup_(setup),
      team_(setup.team != nullptr ? *setup.team : alone_),
      parameters_(std::move(parameters)),
      optimizer_(setup.optimizers->make(options.optimizer, parameters_)),
      clip_(setup.clips->make(options.clip)),
      gradients_(setup.gradients),
      late_(team_.ranks() == 1 && lie_on_gpus(parameters_)) {
  if (optimizer_->takes_sparse() && lie_on_processor(parameters_))
    sparse_.emplace(*setup.model, nn::tables_of(*setup.model, setup.model->roles()));
  if (gradients_ != nullptr) return;
  own_gradients_ = std::make_unique<SerialGradients>(*setup.model, loss_options(options));
  gradients_ = own_gradients_.get();
}

IssuedUpdate Updater::issue(std::vector<data::Batch> batches, const nn::Draw& draw, double factor) {
  IssuedUpdate issued;
  issued.result = planned(batches, factor);
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
  issued.losses = gradients_->accumulate(batches, issued.result.divisor, draw);
  issued.batches = std::move(batches);
  const auto gradients = this->gradients();
  const auto read = read_gradients(gradients);
  if (!late_) {
    step_on_host(issued, gradients, read);
    return issued;
  }
  clip_->apply(gradients, read.norm);  // also clips gradients that are not finite; the step then skips them
  step_on_device(issued, read.norm);
  return issued;
}

UpdateResult Updater::finish(IssuedUpdate issued) {
  if (!issued.is_asynchronous()) return issued.result;
  issued.ready->synchronize();
  const auto* numbers = issued.numbers.const_data_ptr<double>();
  issued.result.loss = numbers[0];
  issued.result.gradient_norm = numbers[1];
  note_fault(issued);
  return issued.result;
}

/// Returns the facts about an update that are known in advance.
UpdateResult Updater::planned(const std::vector<data::Batch>& batches, double factor) const {
  UpdateResult result;
  result.learning_rate = optimizer_->learning_rate() * factor;
  int64_t sentences = 0;
  for (const auto& batch : batches) {
    const auto counts = batch.counts();
    sentences += counts.sentences;
    result.source_tokens += counts.source_tokens;
    result.target_tokens += counts.target_tokens;
  }
  result.divisor = divisor(options_.objective, sentences, result.target_tokens);
  return result;
}

std::vector<at::Tensor> Updater::gradients() {
  std::vector<at::Tensor> gradients;
  for (auto& [name, parameter] : parameters_) {
    // A parameter on which no loss depends gets zeros, so that weight decay applies to it on every device.
    auto& gradient = parameter.mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(parameter);
    if (gradient.is_sparse()) gradient = nn::sparse_gradient(nn::used_rows_of(gradient), parameter.size(0));
    gradients.push_back(gradient);
  }
  return gradients;
}

void Updater::step_on_host(IssuedUpdate& issued, const std::vector<at::Tensor>& gradients, const ReadGradients& read) {
  std::vector<double> loss{0};
  for (const auto& rows : issued.losses) loss.front() += rows.sum(at::kDouble).item<double>();
  team_.sum(loss);
  issued.result.loss = loss.front();
  issued.result.gradient_norm = read.norm.item<double>();
  note_fault(issued);
  if (!issued.result.made) return;
  const double learning_rate = issued.result.learning_rate;
  const bool on_processor = lie_on_processor(parameters_);
  const auto edit = on_processor ? clip_->edit(issued.result.gradient_norm) : std::nullopt;
  if (!edit) clip_->apply(stored_numbers_of(gradients), read.norm);
  if (!on_processor) return optimizer_->step(learning_rate);
  const auto left_to_make = edit.value_or(GradientEdit());
  optimizer_->step(
      {.learning_rate = learning_rate, .gradients = gradients, .edit = left_to_make, .used_rows = read.used_rows});
}

void Updater::step_on_device(IssuedUpdate& issued, const at::Tensor& norm) {
  const auto there = [&](const at::Tensor& tensor) {
    return tensor.to(norm.device(), at::kDouble, /*non_blocking=*/true);
  };
  auto loss = at::zeros_like(norm);
  for (const auto& rows : issued.losses)
    if (rows.numel() > 0) loss += there(rows.sum(at::kDouble));
  const auto numbers = at::stack({loss, norm});
  issued.skipped = numbers.isfinite().all().logical_not().to(at::kFloat);
  if (options_.not_finite == NotFinite::stop) {
    if (stopped_.defined()) issued.skipped = at::maximum(issued.skipped, stopped_);
    stopped_ = issued.skipped;
  }
  optimizer_->step(issued.result.learning_rate, issued.skipped);
  issued.numbers = at::empty({2}, at::TensorOptions(at::kDouble).pinned_memory(true));
  issued.numbers.copy_(numbers, /*non_blocking=*/true);
  issued.ready = std::make_shared<c10::Event>(norm.device().type());
  issued.ready->record(c10::impl::VirtualGuardImpl(norm.device().type()).getStream(norm.device()));
}

void Updater::note_fault(IssuedUpdate& issued) {
  auto& result = issued.result;
  result.made = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.made) return;
  const bool in_loss = !std::isfinite(result.loss);
  const double value = in_loss ? result.loss : result.gradient_norm;
  // Drops the meaningless sign of a NaN.
  result.fault =
      fmt::format("{} is {} for {}", in_loss ? "the loss" : "the gradient's norm",
                  std::isnan(value) ? std::abs(value) : value, pairs_at_fault(issued.batches, issued.losses));
}

/// Names the pairs with a token of non-finite loss; if only the gradient is not finite, all pairs.
std::string Updater::pairs_at_fault(const std::vector<data::Batch>& batches, const std::vector<at::Tensor>& losses) {
  const auto pairs = joined(team_, pairs_of(batches, losses));
  return places_of(pairs.at_fault.empty() ? pairs.all : pairs.at_fault, setup_);
}

}  // namespace seq2seq::train
