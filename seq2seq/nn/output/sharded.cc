#include "seq2seq/nn/output/sharded.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Shards = std::vector<SoftmaxShard>;

struct Found {
  std::vector<SoftmaxShard::Forward> shards;
  Joined joined;  // on the first shard's device
};

/// Starts the work of all shards before it asks for the first result, so that devices compute side by side.
Found forward_in_all(const Shards& shards, const Tensor& rows, const Ids& targets, double smoothing) {
  Found found;
  for (const auto& shard : shards) found.shards.push_back(shard.forward(rows, targets, /*sum_logits=*/smoothing > 0));
  std::vector<Tensor> statistics;
  for (const auto& shard : found.shards) statistics.push_back(shard.statistics.to(shards.front().device()));
  found.joined = join(statistics, smoothing, shards.front().vocabulary());
  return found;
}

/// Sums the shards' parts of the derivative with respect to the rows, one shard after the other, on the first shard's
/// device.
class HiddenSum {
 public:
  explicit HiddenSum(c10::Device home) : home_(home) {}
  void add(const Tensor& part) {
    const auto here = part.to(home_);
    sum_ = sum_.defined() ? sum_.add_(here) : here;
  }
  const Tensor& sum() const { return sum_; }

 private:
  c10::Device home_;
  Tensor sum_;
};

/// Derivatives computed by the forward pass.
struct Made final : torch::CustomClassHolder {
  Tensor hidden;  // [N, H]
  std::vector<SoftmaxShard::Gradient> parameters;
};

/// Returns each parameter once: the weights of all shards, or the weight they borrow, then the biases.
variable_list parameters_of(const Shards& shards) {
  variable_list parameters;
  for (const auto& shard : shards) {
    if (parameters.empty() || !shard.borrows_weight()) parameters.push_back(shard.weight());
  }
  for (const auto& shard : shards) {
    if (shard.bias().defined()) parameters.push_back(shard.bias());
  }
  return parameters;
}

/// Returns one gradient for all rows of a borrowed weight.
Tensor joined_weight(const Shards& shards, const std::vector<SoftmaxShard::Gradient>& gradients) {
  if (!gradients.front().weight.defined()) return {};
  auto joined = at::empty_like(shards.front().weight().detach());
  for (size_t i = 0; i < shards.size(); ++i)
    joined.narrow(0, shards[i].first(), shards[i].words()).copy_(gradients[i].weight);
  return joined;
}

/// A parameter's derivative, from the node that computes it to the ParameterNode.
struct Handed final : torch::CustomClassHolder {
  Tensor gradient;
};
using HandedList = std::vector<c10::intrusive_ptr<Handed>>;

/// Passes a derivative on to its parameter, on the parameter's device. If the node of the loss returned all of them,
/// they would be added on that node's stream, on the first shard's device.
class ParameterNode : public torch::autograd::Function<ParameterNode> {
 public:
  /// Returns a number that represents the parameter among the inputs of the loss.
  static Tensor forward(AutogradContext* context, const Tensor& parameter, const c10::intrusive_ptr<Handed>* handed) {
    context->saved_data["handed"] = c10::IValue::make_capsule(*handed);
    return at::zeros({}, parameter.options());
  }
  static variable_list backward(AutogradContext* context, const variable_list&) {
    const auto handed = c10::static_intrusive_pointer_cast<Handed>(context->saved_data.at("handed").toCapsule());
    return {std::exchange(handed->gradient, Tensor()), Tensor()};
  }
};

/// Cross-entropy over the shards' words. `parameters` are the numbers that represent the parameters. The inputs after
/// them need no gradient.
class ShardedCrossEntropy : public torch::autograd::Function<ShardedCrossEntropy> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, at::TensorList parameters, const Shards* shards,
                        const HandedList* handed, const Ids& targets, const LossSpec* spec) {
    const auto kept = c10::make_intrusive<Kept>();
    kept->shards = *shards;
    kept->handed = *handed;
    for (const auto& parameter : parameters) kept->parameters.push_back(parameter.detach());
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    auto found = forward_in_all(*shards, rows, targets, spec->label_smoothing);
    if (spec->row_scale.defined()) {
      context->saved_data["made"] =
          c10::IValue::make_capsule(make_gradients(*shards, found, *spec, rows.requires_grad()));
    } else {
      variable_list saved;
      for (size_t i = 0; i < shards->size(); ++i) {
        auto& shard = found.shards[i];
        saved.push_back(shard.rows);
        saved.push_back((*shards)[i].logit_gradient(shard, found.joined.normalizer, {}, spec->label_smoothing));
      }
      context->save_for_backward(saved);
    }
    return found.joined.losses;
  }

  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    const auto kept = c10::static_intrusive_pointer_cast<Kept>(context->saved_data.at("kept").toCapsule());
    const auto& shards = kept->shards;
    const auto made = context->saved_data.find("made");
    if (made == context->saved_data.end()) return hand_on(*kept, *gradients_for(context, shards, from_above[0]));
    const auto gradients = c10::static_intrusive_pointer_cast<Made>(made->second.toCapsule());
    if (gradients->parameters.empty()) throw Error("backward() ran twice over one loss of the output layer");
    return hand_on(*kept, *gradients);
  }

 private:
  struct Kept final : torch::CustomClassHolder {
    Shards shards;
    HandedList handed;         // one per parameter, in the order of parameters_of()
    variable_list parameters;  // the numbers that represent them
  };

  static c10::intrusive_ptr<Made> make_gradients(const Shards& shards, Found& found, const LossSpec& spec,
                                                 bool hidden) {
    auto made = c10::make_intrusive<Made>();
    HiddenSum sum(shards.front().device());
    std::vector<Tensor> parts;
    for (size_t i = 0; i < shards.size(); ++i) {
      auto& shard = found.shards[i];
      const auto logits =
          shards[i].logit_gradient(shard, found.joined.normalizer, spec.row_scale, spec.label_smoothing);
      if (hidden) parts.push_back(shards[i].hidden_gradient(logits));
      shards[i].add_weight_gradient(made->parameters.emplace_back(), shard.rows, logits);
    }
    for (const auto& part : parts) sum.add(part);
    made->hidden = sum.sum();
    return made;
  }

  static c10::intrusive_ptr<Made> gradients_for(AutogradContext* context, const Shards& shards,
                                                const Tensor& from_above) {
    const auto saved = context->get_saved_variables();
    auto made = c10::make_intrusive<Made>();
    HiddenSum sum(shards.front().device());
    for (size_t i = 0; i < shards.size(); ++i) {
      const auto &rows = saved[2 * i], &logits = saved[2 * i + 1];
      const auto scaled = logits * from_above.to(shards[i].device()).unsqueeze(1);
      if (context->needs_input_grad(0)) sum.add(shards[i].hidden_gradient(scaled));
      shards[i].add_weight_gradient(made->parameters.emplace_back(), rows, scaled);
    }
    made->hidden = sum.sum();
    return made;
  }

  /// Moves the gradients out, so that none is stored twice.
  static variable_list hand_on(const Kept& kept, Made& made) {
    variable_list gradients;
    if (kept.shards.front().borrows_weight()) {
      gradients.push_back(joined_weight(kept.shards, made.parameters));
    } else {
      for (auto& gradient : made.parameters) gradients.push_back(std::exchange(gradient.weight, Tensor()));
    }
    if (kept.shards.front().bias().defined()) {
      for (auto& gradient : made.parameters) gradients.push_back(std::exchange(gradient.bias, Tensor()));
    }
    made.parameters.clear();
    variable_list inputs{std::exchange(made.hidden, Tensor())};
    for (size_t i = 0; i < gradients.size(); ++i) {
      const bool trained = gradients[i].defined();
      inputs.push_back(trained ? at::zeros_like(kept.parameters[i]) : Tensor());
      kept.handed[i]->gradient = std::move(gradients[i]);
    }
    inputs.resize(inputs.size() + 4);  // shards, handed, targets, spec
    return inputs;
  }
};

/// Adds minus infinity to the logits of this shard's banned words, and 0 for the banned words of other shards, so that
/// no device has to wait.
void ban(const SoftmaxShard& shard, Tensor& logits, const Bans& bans) {
  const auto localized = [&](const Ids& words) {
    const auto local = words.to(shard.device()).sub(shard.first());
    const auto here = local.ge(0).logical_and_(local.lt(shard.words()));
    auto penalty = at::zeros(local.sizes(), logits.options());
    penalty.masked_fill_(here, -std::numeric_limits<double>::infinity());
    return std::pair(local.clamp(0, shard.words() - 1), penalty);
  };
  if (bans.words.defined() && bans.words.numel() > 0) {
    const auto [columns, penalty] = localized(bans.words);
    logits.index_add_(1, columns, penalty.unsqueeze(0).expand({logits.size(0), -1}));
  }
  if (bans.rows.defined() && bans.rows.numel() > 0) {
    const auto [columns, penalty] = localized(bans.row_words);
    logits.index_put_({bans.rows.to(shard.device()), columns}, penalty, /*accumulate=*/true);
  }
}

}  // namespace

Tensor sharded_loss(const Shards& shards, const Tensor& rows, const Ids& targets, const LossSpec& spec) {
  const auto here = rows.to(shards.front().device());
  if (!c10::GradMode::is_enabled()) return forward_in_all(shards, here, targets, spec.label_smoothing).joined.losses;
  variable_list numbers;
  HandedList handed;
  for (const auto& parameter : parameters_of(shards)) {
    handed.push_back(c10::make_intrusive<Handed>());
    numbers.push_back(ParameterNode::apply(parameter, &handed.back()));
  }
  return ShardedCrossEntropy::apply(here, at::TensorList(numbers), &shards, &handed, targets, &spec);
}

Tensor sharded_score(const Shards& shards, const Tensor& rows, const Ids& targets) {
  const c10::NoGradGuard no_gradient;
  return forward_in_all(shards, rows, targets, 0).joined.losses.neg().to(at::kDouble);
}

TopK sharded_top_k(const Shards& shards, const Tensor& rows, int64_t k, const Bans& bans) {
  const c10::NoGradGuard no_gradient;
  const auto home = shards.front().device();
  auto found = forward_in_all(shards, rows, {}, 0);
  std::vector<Tensor> scores, ids;
  for (size_t i = 0; i < shards.size(); ++i) {
    auto logits = std::exchange(found.shards[i].logits, Tensor());
    ban(shards[i], logits, bans);
    const auto best = best_words(logits, {}, std::min(k, shards[i].words()), {});
    scores.push_back(best.scores.to(home));
    ids.push_back(best.ids.add(shards[i].first()).to(home));
  }
  // Within a shard, equal scores are in order of ids, and shards are in order of their words: so the columns are in
  // order of ids.
  const int64_t banned = bans.words.defined() ? bans.words.numel() : 0;
  auto best = best_words(at::cat(scores, 1), found.joined.normalizer.unsqueeze(1),
                         std::min(k, shards.front().vocabulary() - banned), {});
  best.ids = at::cat(ids, 1).gather(1, best.ids);
  return best;
}

Tensor sharded_log_probabilities(const Shards& shards, const Tensor& rows) {
  const c10::NoGradGuard no_gradient;
  const auto home = shards.front().device();
  auto found = forward_in_all(shards, rows, {}, 0);
  std::vector<Tensor> parts;
  for (size_t i = 0; i < shards.size(); ++i) {
    auto logits = std::exchange(found.shards[i].logits, Tensor());
    logits.sub_(found.joined.normalizer.to(shards[i].device()).unsqueeze(1));
    parts.push_back(logits.to(home, at::kDouble));
  }
  return at::cat(parts, 1);
}

}  // namespace seq2seq::nn
