#include "seq2seq/nn/output/adaptive.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/output/cross_entropy.h"
#include "seq2seq/nn/output/estimating.h"

namespace seq2seq::nn {
namespace {

/// Returns an error message for cut-offs that are wrong for every vocabulary, or an empty string.
std::string wrong_cutoffs(const std::vector<double>& cutoffs) {
  if (cutoffs.empty()) return "is empty. Give the ids where the rarer words begin, as in `[2000, 10000]`";
  for (size_t i = 0; i < cutoffs.size(); ++i) {
    const bool rises = i == 0 ? cutoffs[i] >= 1 : cutoffs[i] > cutoffs[i - 1];
    if (cutoffs[i] != std::floor(cutoffs[i]) || !rises)
      return fmt::format("must be ascending whole numbers of at least 1, found [{}]", fmt::join(cutoffs, ", "));
  }
  return {};
}

void check(const AdaptiveOutputOptions& options, const OutputContext& context) {
  check_whole(context, "adaptive");
  if (context.tied_weight.defined()) {
    throw UsageError(
        "the output layer `adaptive` cannot use the target embedding, because its matrices have several widths",
        "Set `model.embedding.tied: false`, or use another `model.output.kind`");
  }
  if (const auto wrong = wrong_cutoffs(options.cutoffs); !wrong.empty())
    throw UsageError("`model.output.cutoffs` " + wrong);
  const auto last = static_cast<int64_t>(options.cutoffs.back());
  if (last >= context.vocabulary) {
    throw UsageError(
        fmt::format("`model.output.cutoffs` ends at {}, but the target vocabulary has {} words: no word is "
                    "left for the last cluster",
                    last, context.vocabulary),
        "Use lower cut-offs, or `model.output.kind: full`, which is fast for so few words");
  }
}

/// A matrix and its bias, under the names of torch.nn.Linear.
struct Weights final : Module {
  at::Tensor add(const std::string& name, at::IntArrayRef shape, Role::Kind kind, const ParameterPlace& place) {
    return add_parameter(name, shape, {.kind = kind}, place);
  }
};

ParameterPlace place_of(const OutputContext& context) {
  const auto& output = context.placement.output;
  return {.device = output.empty() ? context.placement.device : output.front().device, .type = context.type};
}

}  // namespace

void declare(config::Keys& keys, AdaptiveOutputOptions& options) {
  keys.add("bias", options.bias, "add a bias to the first softmax");
  keys.add(
          "cutoffs", options.cutoffs,
          "ids where the clusters of rare words begin, ascending; ids are in order of frequency, special symbols first")
      .at_most(1e9);
  keys.add("shrink", options.shrink, "divisor of the width from one cluster to the next: 4 means a quarter")
      .at_least(1);
}

AdaptiveOutput::AdaptiveOutput(const Options& options, const OutputContext& context) {
  check(options, context);
  add_head(options, context);
  add_clusters(options, context);
}

void AdaptiveOutput::add_head(const Options& options, const OutputContext& context) {
  const auto head = register_module("head", std::make_shared<Weights>());
  const auto classes = static_cast<int64_t>(options.cutoffs.front()) + std::ssize(options.cutoffs);
  const auto place = place_of(context);
  head_weight_ = head->add("weight", {classes, context.width}, Role::Kind::projection, place);
  if (options.bias) head_bias_ = head->add("bias", {classes}, Role::Kind::bias, place);
}

void AdaptiveOutput::add_clusters(const Options& options, const OutputContext& context) {
  const auto tail = register_module("tail", std::make_shared<Module>());
  const auto place = place_of(context);
  int64_t width = context.width;
  for (size_t number = 0; number < options.cutoffs.size(); ++number) {
    width /= options.shrink;
    if (width < 1) {
      throw UsageError(fmt::format("cluster {} of the output layer `adaptive` would have no units: {} divided by "
                                   "`model.output.shrink`, {}, for each cluster",
                                   number + 1, context.width, options.shrink),
                       "Use a smaller `model.output.shrink`, or fewer `model.output.cutoffs`");
    }
    const bool last = number + 1 == options.cutoffs.size();
    Cluster cluster{.first = static_cast<int64_t>(options.cutoffs[number]),
                    .last = last ? context.vocabulary : static_cast<int64_t>(options.cutoffs[number + 1])};
    const auto pair = tail->register_module(std::to_string(number), std::make_shared<Module>());
    const auto down = pair->register_module("0", std::make_shared<Weights>()),
               up = pair->register_module("1", std::make_shared<Weights>());
    cluster.projection = down->add("weight", {width, context.width}, Role::Kind::projection, place);
    cluster.weight = up->add("weight", {cluster.last - cluster.first, width}, Role::Kind::projection, place);
    clusters_.push_back(std::move(cluster));
  }
}

std::string AdaptiveOutput::refuses_smoothing() const {
  return "the output layer `adaptive` does not support label smoothing, because it does not compute the probability of "
         "every word";
}

at::Tensor AdaptiveOutput::losses(const at::Tensor& rows, const Ids& targets) const {
  const int64_t in_head = clusters_.front().first;
  auto classes = targets.clone();   // [N] for the head
  std::vector<at::Tensor> members;  // rows whose target is in each cluster
  for (size_t number = 0; number < clusters_.size(); ++number) {
    const auto& cluster = clusters_[number];
    members.push_back(targets.ge(cluster.first).logical_and(targets.lt(cluster.last)).nonzero().squeeze(1));
    classes.index_fill_(0, members.back(), in_head + static_cast<int64_t>(number));
  }
  auto sum = cross_entropy(rows, head_weight_, head_bias_, classes, 0);
  for (size_t number = 0; number < clusters_.size(); ++number) {
    const auto& cluster = clusters_[number];
    const auto& which = members[number];
    if (which.size(0) == 0) continue;
    const auto hidden = at::mm(rows.index_select(0, which), cluster.projection.t());
    const auto within = targets.index_select(0, which) - cluster.first;
    sum = sum.index_add(0, which, cross_entropy(hidden, cluster.weight, {}, within, 0));
  }
  return sum;
}

at::Tensor AdaptiveOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  check_smoothing(spec);
  check_shape(features.rows, {targets.size(0), head_weight_.size(1)}, "rows for the output layer [N, H]");
  return losses(features.rows.to(home()), targets.to(home()));
}

at::Tensor AdaptiveOutput::score(const Features& features, const Ids& targets) const {
  const c10::NoGradGuard no_gradient;
  return -loss(features, targets, {}).to(at::kDouble);
}

at::Tensor AdaptiveOutput::all(const Features& features) const {
  check_shape(features.rows, {-1, head_weight_.size(1)}, "rows for the output layer [N, H]");
  const auto rows = features.rows.to(home());
  const int64_t in_head = clusters_.front().first;
  const auto head = output_logits(rows, head_weight_, head_bias_).log_softmax(1);
  std::vector<at::Tensor> parts{head.narrow(1, 0, in_head)};
  for (size_t number = 0; number < clusters_.size(); ++number) {
    const auto& cluster = clusters_[number];
    auto within = at::mm(at::mm(rows, cluster.projection.t()), cluster.weight.t()).log_softmax(1);
    parts.push_back(within.add_(head.narrow(1, in_head + static_cast<int64_t>(number), 1)));
  }
  return at::cat(parts, 1);
}

TopK AdaptiveOutput::top_k(const Features& features, int64_t k, const Bans& bans) const {
  const c10::NoGradGuard no_gradient;
  return best_words(all(features), /*normalizer=*/{}, k, bans);
}

at::Tensor AdaptiveOutput::log_probabilities(const Features& features) const {
  const c10::NoGradGuard no_gradient;
  return all(features).to(at::kDouble);
}

}  // namespace seq2seq::nn
