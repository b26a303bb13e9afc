#include "seq2seq/train/update.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/train/clip.h"

namespace seq2seq::train {
namespace {

/// `news.fr:3, web.fr:17 and 120 more pairs`.
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

/// The numbers of the pairs with a token whose loss is not finite; of all pairs, when it is only the gradient.
std::set<int64_t> pairs_at_fault(const std::vector<data::Batch>& batches, const std::vector<at::Tensor>& losses) {
  std::set<int64_t> at_fault, all;
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto& layout = *batches[i].targets.layout;
    const auto keys = layout.key.to(at::kCPU);
    const auto bad = losses[i].isfinite().logical_not().to(layout.owner.device());
    const auto owners = layout.owner.masked_select(bad).to(at::kCPU);
    for (int64_t row = 0; row < owners.size(0); ++row)
      at_fault.insert(keys[owners[row].item<int64_t>()].item<int64_t>());
    for (int64_t pair = 0; pair < keys.size(0); ++pair) all.insert(keys[pair].item<int64_t>());
  }
  return at_fault.empty() ? all : at_fault;
}

}  // namespace

Updater::Updater(const TrainOptions& options, const Setup& setup, NamedParameters parameters)
    : options_(options),
      setup_(setup),
      parameters_(std::move(parameters)),
      optimizer_(setup.optimizers->make(options.optimizer, parameters_)),
      clip_(setup.clips->make(options.clip)),
      gradients_(setup.gradients) {
  if (gradients_ != nullptr) return;
  own_gradients_ = std::make_unique<SerialGradients>(
      *setup.model,
      LossOptions{.label_smoothing = options.label_smoothing, .teacher_forcing = options.teacher_forcing});
  gradients_ = own_gradients_.get();
}

UpdateResult Updater::make(const std::vector<data::Batch>& batches, const nn::Draw& draw, double factor) {
  UpdateResult result;
  result.learning_rate = optimizer_->learning_rate() * factor;
  int64_t sentences = 0;
  for (const auto& batch : batches) {
    sentences += batch.sentences();
    result.source_tokens += batch.source_tokens();
    result.target_tokens += batch.target_tokens();
  }
  result.divisor = divisor(options_.objective, sentences, result.target_tokens);

  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
  const auto losses = gradients_->accumulate(batches, result.divisor, draw);
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters_) gradients.push_back(parameter.grad());
  const auto norm = gradient_norm(gradients);
  clip_->apply(gradients, norm);  // of gradients that are not finite, too: the step below is not made with them
  for (const auto& rows : losses) result.loss += rows.sum(at::kDouble).item<double>();
  result.gradient_norm = norm.item<double>();

  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
    const bool loss = !std::isfinite(result.loss);
    result.fault =
        fmt::format("{} is {}, with {}", loss ? "the loss" : "the gradient's norm",
                    loss ? result.loss : result.gradient_norm, places_of(pairs_at_fault(batches, losses), setup_));
    return result;
  }
  optimizer_->step(result.learning_rate);
  result.made = true;
  return result;
}

}  // namespace seq2seq::train
