#include "seq2seq/train/optimizer.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// clang-format off: LibTorch's optimizers need the archives, which third_party/torch only declares
#include <torch/serialize/input-archive.h>
#include <torch/serialize/output-archive.h>
// clang-format on

#include <ATen/Context.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/sgd.h"
#include "test/support/catch.h"

namespace seq2seq::train {
namespace {

using namespace test;

NamedParameters random_parameters(int seed) {
  at::manual_seed(static_cast<uint64_t>(seed));
  NamedParameters parameters;
  parameters.emplace_back("a", at::randn({37, 11}));
  parameters.emplace_back("b", at::randn({5}, at::kDouble));
  parameters.emplace_back("c", at::randn({}));
  parameters.emplace_back("d.unused", at::randn({3}));
  for (auto& [name, parameter] : parameters) parameter.set_requires_grad(true);
  return parameters;
}

std::vector<at::Tensor> tensors_of(const NamedParameters& parameters) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, parameter] : parameters) tensors.push_back(parameter);
  return tensors;
}

/// Sets the same gradients for the same update. The last parameter never has one, the first only from the third update.
void give_gradients(const NamedParameters& parameters, int update) {
  at::manual_seed(1000 + static_cast<uint64_t>(update));
  for (const auto& [name, parameter] : parameters) {
    const auto gradient = at::randn(parameter.sizes(), parameter.options().requires_grad(false));
    if (name != "d.unused" && (name != "a" || update >= 2)) parameter.mutable_grad() = gradient;
  }
}

struct Pair {
  std::string name;
  std::function<std::shared_ptr<Optimizer>(const NamedParameters&)> ours;
  std::function<std::unique_ptr<torch::optim::Optimizer>(const std::vector<at::Tensor>&)> theirs;
};

Pair sgd_pair(const std::string& name, const SgdOptions& options) {
  return {name, [options](const NamedParameters& all) { return std::make_shared<Sgd>(options, all); },
          [options](const std::vector<at::Tensor>& all) {
            return std::make_unique<torch::optim::SGD>(all, torch::optim::SGDOptions(options.learning_rate)
                                                                .momentum(options.momentum)
                                                                .nesterov(options.nesterov)
                                                                .weight_decay(options.weight_decay));
          }};
}

Pair adam_pair(const std::string& name, const AdamOptions& options) {
  return {name, [options](const NamedParameters& all) { return std::make_shared<Adam>(options, all); },
          [options](const std::vector<at::Tensor>& all) -> std::unique_ptr<torch::optim::Optimizer> {
            const auto betas = std::make_tuple(options.beta1, options.beta2);
            if (options.decoupled)
              return std::make_unique<torch::optim::AdamW>(all, torch::optim::AdamWOptions(options.learning_rate)
                                                                    .betas(betas)
                                                                    .eps(options.epsilon)
                                                                    .weight_decay(options.weight_decay));
            return std::make_unique<torch::optim::Adam>(all, torch::optim::AdamOptions(options.learning_rate)
                                                                 .betas(betas)
                                                                 .eps(options.epsilon)
                                                                 .weight_decay(options.weight_decay));
          }};
}

std::vector<Pair> pairs() {
  return {sgd_pair("sgd", {.learning_rate = 0.1}),
          sgd_pair("sgd, momentum", {.learning_rate = 0.1, .momentum = 0.9}),
          sgd_pair("sgd, nesterov, weight decay",
                   {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01}),
          adam_pair("adam", {.learning_rate = 0.01}),
          adam_pair("adam, weight decay",
                    {.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.98, .epsilon = 1e-6, .weight_decay = 0.1}),
          adam_pair("adamw", {.learning_rate = 0.01, .weight_decay = 0.1, .decoupled = true})};
}

TEST_CASE("optimizer: 20 steps are those of torch::optim", "[train][optimizer][witness]") {
  const auto pair = GENERATE(from_range(pairs()));
  CAPTURE(pair.name);
  const auto ours = random_parameters(1), theirs = random_parameters(1);
  const auto our_optimizer = pair.ours(ours);
  const auto their_optimizer = pair.theirs(tensors_of(theirs));
  for (int update = 0; update < 20; ++update) {
    give_gradients(ours, update);
    give_gradients(theirs, update);
    our_optimizer->step(our_optimizer->learning_rate());
    their_optimizer->step();
  }
  for (size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(ours[i].first);
    const bool exact = ours[i].second.scalar_type() == at::kDouble;
    CHECK(at::allclose(ours[i].second, theirs[i].second, 0, exact ? 1e-13 : 1e-6));
  }
}

TEST_CASE("optimizer: the learning rate of a step is the one it is given", "[train][optimizer]") {
  NamedParameters parameters{{"a", at::zeros({1}).set_requires_grad(true)}};
  parameters[0].second.mutable_grad() = at::zeros({1}) + 2;
  Sgd sgd({.learning_rate = 0.7}, parameters);
  sgd.step(0.25);
  CHECK(parameters[0].second.item<float>() == -0.5F);
}

TEST_CASE("optimizer: one restored from its state takes the same steps to the bit", "[train][optimizer][resume]") {
  const auto pair = GENERATE(from_range(pairs()));
  CAPTURE(pair.name);
  const auto straight = random_parameters(1);
  const auto optimizer = pair.ours(straight);
  const auto run = [](Optimizer& one, const NamedParameters& parameters, int first, int last) {
    for (int update = first; update < last; ++update) {
      give_gradients(parameters, update);
      one.step(one.learning_rate());
    }
  };
  run(*optimizer, straight, 0, 5);
  const auto resumed = random_parameters(2);
  for (size_t i = 0; i < resumed.size(); ++i) resumed[i].second.detach().copy_(straight[i].second.detach());
  const auto restored = pair.ours(resumed);
  restored->restore(nn::from_safetensors(nn::to_safetensors(optimizer->state()), "file"), "file");
  run(*optimizer, straight, 5, 12);
  run(*restored, resumed, 5, 12);
  for (size_t i = 0; i < resumed.size(); ++i) CHECK(at::equal(resumed[i].second, straight[i].second));
}

TEST_CASE("optimizers: each kind descends a bowl, and goes on from its stored state to the bit",
          "[train][optimizer][resume]") {
  const auto kind = GENERATE_COPY(from_range(builtin_optimizers().names()));
  CAPTURE(kind);
  const auto start = [] { return NamedParameters{{"a", (at::zeros({3}) + 2).set_requires_grad(true)}}; };
  const auto make = [&kind](const NamedParameters& parameters) {
    return builtin_optimizers().make({.kind = kind, .options = nullptr}, parameters);
  };
  const auto descend = [](Optimizer& optimizer, const NamedParameters& parameters, int steps) {
    for (int step = 0; step < steps; ++step) {  // of |a|^2 / 2, with gradient a
      parameters[0].second.mutable_grad() = parameters[0].second.detach().clone();
      optimizer.step(0.05);
    }
  };
  const auto straight = start(), resumed = start();
  const auto optimizer = make(straight), restored = make(resumed);
  descend(*optimizer, straight, 20);
  CHECK(straight[0].second.abs().max().item<float>() < 1.5);
  resumed[0].second.detach().copy_(straight[0].second.detach());
  restored->restore(nn::from_safetensors(nn::to_safetensors(optimizer->state()), "file"), "file");
  descend(*optimizer, straight, 20);
  descend(*restored, resumed, 20);
  CHECK(at::equal(straight[0].second, resumed[0].second));
}

TEST_CASE("optimizers: each kind is compared with torch.optim", "[train][optimizer]") {
  for (const auto& kind : builtin_optimizers().names()) {
    CAPTURE(kind);
    const auto all = pairs();
    CHECK(std::ranges::any_of(all, [&kind](const Pair& pair) { return pair.name == kind; }));
  }
}

TEST_CASE("optimizer: a state that does not fit is refused, naming file and tensor", "[train][optimizer][error]") {
  const auto parameters = random_parameters(1);
  Adam adam({}, parameters);
  auto state = adam.state();
  std::string says;
  SECTION("missing") {
    state.tensors.erase("b.exp_avg_sq");
    says = "file: b.exp_avg_sq: is missing";
  }
  SECTION("misshapen") {
    state.tensors["b.exp_avg"] = at::zeros({4}, at::kDouble);
    says = "file: b.exp_avg: has type Double and shape [4], expected Double and [5]";
  }
  SECTION("of another type") {
    state.tensors["b.exp_avg"] = at::zeros({5});
    says = "file: b.exp_avg: has type Float";
  }
  SECTION("of another optimizer") {
    state.tensors["b.momentum_buffer"] = at::zeros({5});
    says = "file: b.momentum_buffer: is not expected";
  }
  CHECK_THROWS_WITH(adam.restore(state, "file"), ContainsSubstring(says));
}

}  // namespace
}  // namespace seq2seq::train
