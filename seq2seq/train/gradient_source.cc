#include "seq2seq/train/gradient_source.h"

#include <cstddef>
#include <memory>
#include <mutex>

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace seq2seq::train {
namespace {

class ReadyHook final : public torch::autograd::PostAccumulateGradHook {
 public:
  ReadyHook(const GradientReady& ready, std::mutex& calling) : ready_(ready), calling_(calling) {}
  void operator()(const torch::autograd::Variable& parameter) override {
    const std::lock_guard one_at_a_time(calling_);
    ready_(parameter);
  }

 private:
  const GradientReady& ready_;
  std::mutex& calling_;
};

/// While it exists, `ready` is called for each parameter that a backward pass reaches, by one thread at a time. A
/// backward pass has a thread for each device.
class ReadyHooks {
 public:
  ReadyHooks(const nn::Model& model, const GradientReady& ready) : model_(model) {
    for (const auto& parameter : model_.parameters())
      if (parameter.requires_grad())
        torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<ReadyHook>(ready, calling_));
  }
  ~ReadyHooks() {
    for (const auto& parameter : model_.parameters())
      if (parameter.requires_grad()) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }
  ReadyHooks(const ReadyHooks&) = delete;
  ReadyHooks& operator=(const ReadyHooks&) = delete;

 private:
  const nn::Model& model_;
  std::mutex calling_;
};

/// Returns the last batch with a sentence: its backward pass completes the gradients.
std::size_t last_filled(const std::vector<data::Batch>& batches) {
  std::size_t last = batches.size();
  for (std::size_t i = 0; i < batches.size(); ++i)
    if (batches[i].sentences() > 0) last = i;
  return last;
}

}  // namespace

std::vector<at::Tensor> SerialGradients::accumulate(const std::vector<data::Batch>& batches, double divisor,
                                                    const nn::Draw& draw) {
  std::vector<at::Tensor> losses;
  const auto type = model_.parameters().front().scalar_type();
  const auto last = last_filled(batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].sentences() == 0) {
      losses.push_back(at::empty({0}, type));
      continue;
    }
    const auto batch = data::to(batches[i], model_.input_device());
    const auto scale = row_scale(batch, divisor, type);  // [N]
    const auto parts = loss_parts(model_, batch, options_, scale, &draw);
    {
      const auto rows = parts.sum();
      const auto hooks = i == last && ready() ? std::make_unique<ReadyHooks>(model_, ready()) : nullptr;
      rows.backward(scale.to(rows.device()));
    }
    losses.push_back(weighted(parts.of_words.detach(), batch));
  }
  return losses;
}

}  // namespace seq2seq::train
