#include "seq2seq/nn/output/adaptive.h"

#include <torch/nn/modules/adaptive.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

TEST_CASE("adaptive softmax: loss, gradients and probabilities are those of torch's module, and so are the names",
          "[nn][output][witness][gradient]") {
  const auto cutoffs = GENERATE(std::vector<double>{4}, std::vector<double>{1, 7}, std::vector<double>{3, 5, 12});
  const bool bias = GENERATE(false, true);
  const int64_t shrink = GENERATE(1, 2);
  CAPTURE(cutoffs, bias, shrink);
  AdaptiveOutput output({.bias = bias, .cutoffs = cutoffs, .shrink = shrink}, {.width = 8, .vocabulary = 13});
  randomize(output, 3, at::kDouble);
  torch::nn::AdaptiveLogSoftmaxWithLoss witness(
      torch::nn::AdaptiveLogSoftmaxWithLossOptions(8, 13, std::vector<int64_t>(cutoffs.begin(), cutoffs.end()))
          .div_value(static_cast<double>(shrink))
          .head_bias(bias));
  witness->to(torch::kDouble);
  {
    const torch::NoGradGuard no_gradient;
    const auto ours = output.named_parameters();
    REQUIRE(ours.size() == witness->parameters().size());
    for (auto& parameter : witness->named_parameters()) parameter.value().copy_(ours[parameter.key()]);
  }
  torch::manual_seed(2);
  auto x = torch::randn({40, 8}, torch::kDouble).requires_grad_(), y = x.detach().clone().requires_grad_();
  const auto targets = torch::cat({torch::arange(13), torch::randint(13, {27}, torch::kLong)});  // every word
  const auto weight = torch::rand({40}, torch::kDouble);

  const auto loss = output.loss({.rows = x}, targets, {});
  const auto expected = witness->forward(y, targets).output;

  CHECK(torch::allclose(loss, -expected, 0, 1e-12));
  (loss * weight).sum().backward();
  (-expected * weight).sum().backward();
  CHECK(torch::allclose(x.grad(), y.grad(), 0, 1e-12));
  for (const auto& parameter : witness->named_parameters()) {
    CAPTURE(parameter.key());
    CHECK(torch::allclose(output.named_parameters()[parameter.key()].grad(), parameter.value().grad(), 0, 1e-12));
  }
  const torch::NoGradGuard no_gradient;
  CHECK(torch::allclose(output.score({.rows = x}, targets), expected, 0, 1e-12));
  CHECK(torch::allclose(output.log_probabilities({.rows = x}), witness->log_prob(y), 0, 1e-12));
}

TEST_CASE("adaptive softmax: what does not fit is refused, and its key named", "[nn][output][error]") {
  const auto message = [](const AdaptiveOutputOptions& options, const OutputContext& context) -> std::string {
    try {
      AdaptiveOutput output(options, context);
      return "nothing was thrown";
    } catch (const UsageError& error) {
      return error.what();
    }
  };
  const OutputContext context{.width = 8, .vocabulary = 13};
  CHECK_THAT(message({}, context), ContainsSubstring("`model.output.cutoffs` ends at 10000, but the target vocabulary "
                                                     "has 13 words"));
  CHECK_THAT(message({.cutoffs = {13}}, context), ContainsSubstring("ends at 13"));
  CHECK(message({.cutoffs = {12}}, context) == "nothing was thrown");
  CHECK_THAT(message({.cutoffs = {4, 4}}, context), ContainsSubstring("must be ascending whole numbers"));
  CHECK_THAT(message({.cutoffs = {2.5}}, context), ContainsSubstring("must be ascending whole numbers"));
  CHECK_THAT(message({.cutoffs = {0, 4}}, context), ContainsSubstring("must be ascending whole numbers"));
  CHECK_THAT(message({.cutoffs = {}}, context), ContainsSubstring("is empty"));
  CHECK_THAT(message({.cutoffs = {2, 4}, .shrink = 3}, context),
             ContainsSubstring("cluster 2") && ContainsSubstring("model.output.shrink"));
  auto tied = context;
  tied.tied_weight = torch::zeros({13, 8});
  CHECK_THAT(message({.cutoffs = {4}}, tied), ContainsSubstring("model.embedding.tied"));
}

TEST_CASE("adaptive softmax: label smoothing is refused with the reason", "[nn][output][error]") {
  const AdaptiveOutput output({.cutoffs = {4}}, {.width = 8, .vocabulary = 13});
  CHECK_THROWS_WITH(
      output.loss({.rows = torch::zeros({1, 8})}, torch::zeros({1}, torch::kLong), {.label_smoothing = 0.1}),
      ContainsSubstring("train.label_smoothing") && ContainsSubstring("the probability of every word"));
}

}  // namespace
}  // namespace seq2seq::nn
