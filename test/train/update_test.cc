#include "seq2seq/train/update.h"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/objective.h"
#include "seq2seq/train/sgd.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

using Indices = std::vector<int64_t>;

std::vector<data::Batch> batches_of(const TinyRun& run, const std::vector<Indices>& pairs) {
  std::vector<data::Batch> batches;
  for (const auto& indices : pairs) batches.push_back(data::make_batch(run.corpus, indices, run.text));
  return batches;
}

/// Returns the weights after one update by these batches, and the result of the update.
std::pair<nn::NamedTensors, UpdateResult> after_update(TinyRun& run, const TrainOptions& options,
                                                       const std::vector<Indices>& batches) {
  Updater updater(options, run.setup, trainable_parameters(*run.model, {}));
  auto result = updater.make(batches_of(run, batches), {.seed = 1, .update = 3}, 1);
  return {nn::weights_of(*run.model), result};
}

void set_nan(TinyRun& run, const std::string& name) {
  const at::NoGradGuard no_gradient;
  run.model->named_parameters()[name].fill_(std::numeric_limits<double>::quiet_NaN());
}

TEST_CASE("update: batches that are accumulated make the update of one batch of all their pairs",
          "[train][update][batch]") {
  const auto objective = GENERATE(Objective::per_sentence, Objective::per_token);
  const double dropout = GENERATE(0.0, 0.4);
  const double smoothing = GENERATE(0.0, 0.1);
  CAPTURE(static_cast<int>(objective), dropout, smoothing);
  auto options = tiny_options();
  options.objective = objective;
  options.label_smoothing = smoothing;
  options.clip = selection("norm", NormClipOptions{.limit = 0.01});
  TinyRun together(dropout, {}, at::kDouble), apart(dropout, {}, at::kDouble);
  const auto [joined, joined_result] = after_update(together, options, {{0, 1, 2, 3, 4, 5, 6}});
  const auto [split, split_result] = after_update(apart, options, {{6, 1}, {0, 5, 3, 2}, {4}});
  CHECK(split_result.divisor == joined_result.divisor);
  CHECK_THAT(split_result.loss, WithinRel(joined_result.loss, 1e-12));
  CHECK_THAT(split_result.gradient_norm, WithinRel(joined_result.gradient_norm, 1e-12));
  for (const auto& [name, tensor] : joined.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(split.tensors.at(name), tensor, 0, 1e-12));  // only the order of sums differs
  }
}

TEST_CASE("gradients: a parameter is announced once an update, when its gradient is whole", "[train][gradient]") {
  TinyRun run(0.3);
  SerialGradients gradients(*run.model, {});
  std::map<const at::TensorImpl*, at::Tensor> when_ready;
  int64_t announced = 0;
  gradients.on_ready([&](const at::Tensor& parameter) {
    ++announced;
    when_ready.emplace(parameter.unsafeGetTensorImpl(), parameter.grad().clone());
  });
  auto batches = batches_of(run, {{6, 1}, {0, 5, 3, 2}, {4}});
  batches.push_back(data::make_batch(run.corpus, Indices{}, run.text));  // of a rank without a pair
  const auto losses = gradients.accumulate(batches, 7, {.seed = 1, .update = 3});
  CHECK(losses.back().size(0) == 0);
  const auto parameters = run.model->parameters();
  REQUIRE(announced == std::ssize(parameters));
  for (const auto& parameter : parameters)
    CHECK(at::equal(when_ready.at(parameter.unsafeGetTensorImpl()), parameter.grad()));
}

TEST_CASE("update: the objective divides the summed loss by sentences or by target tokens", "[train][update]") {
  TinyRun run;
  auto options = tiny_options();
  const Indices pairs{0, 1, 2, 3, 4};  // target lengths 3, 4, 5, 1, 2, and an end symbol each
  CHECK(after_update(run, options, {pairs}).second.divisor == 5);
  options.objective = Objective::per_token;
  CHECK(after_update(run, options, {pairs}).second.divisor == 20);
}

TEST_CASE("update: a pair's losses count as often as it weighs, and the divisor does not know",
          "[train][update][property]") {
  auto options = tiny_options();
  options.objective = GENERATE(Objective::per_sentence, Objective::per_token);
  options.clip = selection("none", NoClipOptions{});
  const Indices pairs{4, 0, 7, 2};
  const std::vector<float> weights{0.5F, 0, 3, 1};
  CAPTURE(static_cast<int>(options.objective));

  TinyRun together(0, {}, at::kDouble);
  const auto before = nn::weights_of(*together.model).tensors.at("output.weight").clone();
  auto batches = batches_of(together, {pairs});
  batches[0].weights = at::tensor(weights);
  Updater updater(options, together.setup, trainable_parameters(*together.model, {}));
  const auto found = updater.make(batches, {.seed = 1, .update = 3}, 1);
  const auto step = nn::weights_of(*together.model).tensors.at("output.weight") - before;

  // A step of SGD is linear in the losses: it is the sum of the steps of single pairs, each with its own divisor.
  auto sum = at::zeros_like(step);
  double loss = 0, divisor = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    TinyRun alone(0, {}, at::kDouble);
    const auto [after, result] = after_update(alone, options, {{pairs[i]}});
    sum += static_cast<double>(weights[i]) * result.divisor * (after.tensors.at("output.weight") - before);
    loss += static_cast<double>(weights[i]) * result.loss;
    divisor += result.divisor;
  }
  CHECK(found.divisor == divisor);
  CHECK_THAT(found.loss, WithinRel(loss, 1e-12));
  CHECK(at::allclose(step, sum / divisor, 0, 1e-12));
}

TEST_CASE("update: a step of SGD is the numerical gradient of the objective times the rate",
          "[train][update][gradient]") {
  TinyRun run(0, {}, at::kDouble);
  auto options = tiny_options();
  options.clip = selection("none", NoClipOptions{});
  options.label_smoothing = 0.1;
  const Indices pairs{0, 1, 2, 3};
  const auto objective = [&] {
    const at::NoGradGuard no_gradient;
    return token_losses(*run.model, data::make_batch(run.corpus, pairs, run.text), {.label_smoothing = 0.1}, {},
                        nullptr)
               .sum()
               .item<double>() /
           4;
  };
  const std::string name = "decoder.embedding.weight";
  const auto parameter = run.model->named_parameters()[name];
  const auto numerical = at::zeros_like(parameter.detach());
  const double step = 1e-5;
  for (int64_t i = 0; i < parameter.numel(); ++i) {
    auto value = parameter.detach().view(-1)[i];
    value += step;
    const double above = objective();
    value -= 2 * step;
    const double below = objective();
    value += step;
    numerical.view(-1)[i] = (above - below) / (2 * step);
  }
  const auto before = parameter.detach().clone();
  after_update(run, options, {pairs});
  CHECK(at::allclose(before - parameter.detach(), 0.5 * numerical, 0, 1e-9));
}

TEST_CASE("update: what is not finite changes no parameter and names the pairs at fault", "[train][update][error]") {
  TinyRun run;
  auto options = tiny_options();
  options.optimizer = selection("sgd", SgdOptions{.learning_rate = 0.5, .momentum = 0.9});
  // The vector of one word: only sentences with that word have the fault.
  const int64_t word = 4;
  {
    const at::NoGradGuard no_gradient;
    run.model->named_parameters()["encoder.embedding.weight"][word].fill_(std::numeric_limits<double>::infinity());
  }
  std::string lines;
  const Indices pairs{7, 2, 9, 4};
  for (int64_t pair = 0; pair < 10; ++pair) {
    const auto ids = run.corpus.source[pair];
    const bool asked = std::find(pairs.begin(), pairs.end(), pair) != pairs.end();
    if (asked && std::find(ids.begin(), ids.end(), word) != ids.end())
      lines += (lines.empty() ? "pair " : ", pair ") + std::to_string(pair + 1) + " of the training text";
  }
  REQUIRE_FALSE(lines.empty());
  const auto before = nn::weights_of(*run.model);
  Updater updater(options, run.setup, trainable_parameters(*run.model, {}));
  const auto momentum = [&updater] {
    auto state = updater.optimizer().state();
    for (auto& [name, tensor] : state.tensors) tensor = tensor.clone();
    return state;
  };
  const auto state = momentum();
  const auto result = updater.make(batches_of(run, {pairs}), {.seed = 1, .update = 0}, 1);
  CHECK_FALSE(result.made);
  CHECK_THAT(result.fault, ContainsSubstring("nan for " + lines));
  CHECK(same_tensors(nn::weights_of(*run.model), before));
  CHECK(same_tensors(momentum(), state));
}

TEST_CASE("train: an update that is not finite is skipped and counted, or training stops", "[train][error]") {
  TinyRun run;
  auto options = tiny_options();
  options.accumulate = 2;
  set_nan(run, "output.weight");
  run.setup.validate = nullptr;
  SECTION("skip") {
    const auto outcome = run.train(options);
    CHECK(outcome.update == 12);
    CHECK(outcome.skipped == 12);
    CHECK_THAT(run.said(), ContainsSubstring("warning: update 1 (batch 1 of epoch 1): the loss is nan") &&
                               ContainsSubstring("8 skipped so far"));
    CHECK(run.metrics("train").empty());
  }
  SECTION("stop") {
    options.not_finite = NotFinite::stop;
    CHECK_THROWS_WITH(run.train(options),
                      ContainsSubstring("update 1 (batch 1 of epoch 1): the loss is nan for pair "));
  }
}

}  // namespace
}  // namespace seq2seq::train
