// Properties of output layers that sample words, in addition to those of all output layers.

#include <cmath>
#include <stdexcept>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/functional/loss.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/output/noise_contrastive.h"
#include "seq2seq/nn/output/sampled.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

constexpr int64_t vocabulary_size = 20, row_width = 4;

struct SampledLayer {
  std::shared_ptr<OutputLayer> output;
  Tensor weight, bias;  // its parameters
  WordSampler sampler;  // a second one, for the same words
};

using Distribution = EstimatingOutputOptions::Distribution;

/// Counts that do not follow the order of ids; the fourth word does not occur.
std::vector<int64_t> counts_of_words() {
  std::vector<int64_t> counts;
  for (int64_t word = 0; word < vocabulary_size; ++word) counts.push_back(word == 3 ? 0 : 1 + 37 * word % 101);
  return counts;
}

/// Weights; words are drawn in proportion to them.
std::vector<double> plain_weights(Distribution distribution) {
  std::vector<double> weights;
  for (int64_t word = 0; word < vocabulary_size; ++word) {
    const auto count = static_cast<double>(counts_of_words()[static_cast<size_t>(word)]);
    weights.push_back(distribution == Distribution::unigram ? std::pow(count == 0 ? 1 : count, 0.75)
                                                            : std::log(1 + 1.0 / static_cast<double>(word + 1)));
  }
  return weights;
}

SampledLayer layer_of(const std::string& kind, int64_t samples, Distribution distribution = Distribution::log_uniform) {
  const OutputContext context{.width = row_width, .vocabulary = vocabulary_size, .target_counts = counts_of_words};
  const EstimatingOutputOptions options{.bias = true,
                                        .samples = samples,
                                        .distribution = distribution,
                                        .exponent = distribution == Distribution::unigram ? 0.75 : 1};
  std::shared_ptr<OutputLayer> output;
  if (kind == "sampled") output = std::make_shared<SampledOutput>(SampledOutputOptions{options}, context);
  if (kind != "sampled")
    output = std::make_shared<NoiseContrastiveOutput>(NoiseContrastiveOutputOptions{options, false}, context);
  randomize(*output, 3, at::kDouble);
  const auto parameters = output->named_parameters();
  return {output, parameters["weight"], parameters["bias"], WordSampler(plain_weights(distribution), samples)};
}

/// Rows and their targets, frequent and rare ones.
struct GivenRows {
  Tensor rows = [] {
    torch::manual_seed(4);
    return torch::randn({5, row_width}, torch::kDouble).requires_grad_();
  }();
  Tensor targets = torch::tensor({0, 19, 3, 7, 3}, torch::kLong);
};

/// Computes the loss of each row word by word, by the equations of the headers.
Tensor plain_loss(const std::string& kind, const SampledLayer& layer, const GivenRows& given, const Draw& draw,
                  double smoothing) {
  const auto drawn = layer.sampler.draw(draw);
  const auto expected = layer.sampler.log_expected().exp();
  std::vector<Tensor> losses;
  for (int64_t row = 0; row < given.rows.size(0); ++row) {
    const auto logit = [&](int64_t word) { return given.rows[row].dot(layer.weight[word]) + layer.bias[word]; };
    const auto target = given.targets[row].item<int64_t>();
    const auto own = logit(target);
    auto normalizer = own.exp(), sum = own, noise = torch::zeros({}, torch::kDouble);
    for (int64_t i = 0; i < drawn.size(0); ++i) {
      const auto word = drawn[i].item<int64_t>();
      noise = noise - torch::log(1 - torch::sigmoid(logit(word) - expected[word].log()));
      if (word == target) continue;
      normalizer = normalizer + logit(word).exp() / expected[word];
      sum = sum + logit(word) / expected[word];
    }
    losses.push_back(kind == "sampled" ? normalizer.log() - (1 - smoothing) * own -
                                             smoothing * sum / static_cast<double>(vocabulary_size)
                                       : noise - torch::log(torch::sigmoid(own - expected[target].log())));
  }
  return torch::stack(losses);
}

/// Returns the derivatives of the weighted sum of `losses` by rows, weight and bias.
std::vector<Tensor> derivatives(const Tensor& losses, const SampledLayer& layer, const GivenRows& given) {
  const auto weights = torch::arange(1, 6, torch::kDouble);
  return torch::autograd::grad({(losses * weights).sum()}, {given.rows, layer.weight, layer.bias});
}

TEST_CASE("sampling outputs: loss and gradients are those of the equations, word by word",
          "[nn][output][witness][gradient]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive");
  const int64_t samples = GENERATE(1, 6, 19, 20, 30);
  const double smoothing = GENERATE(0.0, 0.2);
  const auto distribution = GENERATE(Distribution::log_uniform, Distribution::unigram);
  if (kind == "noise_contrastive" && smoothing > 0) return;  // has none
  CAPTURE(kind, samples, smoothing, static_cast<int>(distribution));
  const auto layer = layer_of(kind, samples, distribution);
  const GivenRows given;
  for (int64_t update = 0; update < 5; ++update) {
    const Draw draw{.seed = 2, .update = update};
    const auto found =
        layer.output->loss({.rows = given.rows}, given.targets, {.label_smoothing = smoothing, .draw = &draw});
    const auto expected = plain_loss(kind, layer, given, draw, smoothing);
    REQUIRE(torch::allclose(found, expected, 0, 1e-12));
    const auto ours = derivatives(found, layer, given), theirs = derivatives(expected, layer, given);
    for (size_t i = 0; i < ours.size(); ++i) REQUIRE(torch::allclose(ours[i], theirs[i], 0, 1e-11));
  }
}

TEST_CASE("sampling outputs: with all words drawn, the loss is torch's own, of all words",
          "[nn][output][witness][gradient]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive");
  const double smoothing = GENERATE(0.0, 0.1);
  if (kind == "noise_contrastive" && smoothing > 0) return;  // has none
  CAPTURE(kind, smoothing);
  const auto layer = layer_of(kind, 4096);
  const GivenRows given;
  const Draw draw{.seed = 2, .update = 7};
  const auto found =
      layer.output->loss({.rows = given.rows}, given.targets, {.label_smoothing = smoothing, .draw = &draw});
  namespace F = torch::nn::functional;
  const auto logits = torch::matmul(given.rows, layer.weight.t()) + layer.bias;
  const auto own = logits.gather(1, given.targets.unsqueeze(1)).squeeze(1);
  const auto none = F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone);
  const auto witness =
      kind == "sampled"
          ? F::cross_entropy(logits, given.targets,
                             F::CrossEntropyFuncOptions().reduction(torch::kNone).label_smoothing(smoothing))
          : F::binary_cross_entropy_with_logits(own, torch::ones_like(own), none) +
                F::binary_cross_entropy_with_logits(logits, torch::zeros_like(logits), none).sum(1);
  CHECK(torch::allclose(found, witness, 0, 1e-12));
  const auto ours = derivatives(found, layer, given), theirs = derivatives(witness, layer, given);
  for (size_t i = 0; i < ours.size(); ++i) CHECK(torch::allclose(ours[i], theirs[i], 0, 1e-12));
}

/// Means of tensors, with the standard errors of the means.
class Means {
 public:
  void add(const std::vector<Tensor>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (count_ == 0) sums_.push_back(torch::zeros_like(values[i])), squares_.push_back(torch::zeros_like(values[i]));
      sums_[i] += values[i].detach();
      squares_[i] += values[i].detach().square();
    }
    ++count_;
  }
  /// Returns true if each number of each mean is within five standard errors of the expected one.
  bool agree(const std::vector<Tensor>& expected) const {
    for (size_t i = 0; i < sums_.size(); ++i) {
      const auto mean = sums_[i] / count_;
      const auto error = ((squares_[i] / count_ - mean.square()).clamp_min(0) / count_).sqrt();
      if (!((mean - expected[i]).abs() <= 5 * error + 1e-9).all().item<bool>()) return false;
    }
    return true;
  }

 private:
  std::vector<Tensor> sums_, squares_;
  double count_ = 0;
};

TEST_CASE("sampled softmax: the estimated normalizer and its gradient are right on average",
          "[nn][output][witness][gradient][property]") {
  const auto distribution = GENERATE(Distribution::log_uniform, Distribution::unigram);
  CAPTURE(static_cast<int>(distribution));
  const auto layer = layer_of("sampled", 6, distribution);
  const GivenRows given;
  // exp(loss) is the normalizer over exp(z_y).
  const auto full = layer.output->loss({.rows = given.rows}, given.targets, {}).exp();
  auto expected = derivatives(full, layer, given);
  expected.push_back(full.detach());
  Means means;
  for (int64_t update = 0; update < 4000; ++update) {
    const Draw draw{.seed = 9, .update = update};
    const auto found = layer.output->loss({.rows = given.rows}, given.targets, {.draw = &draw}).exp();
    auto values = derivatives(found, layer, given);
    values.push_back(found);
    means.add(values);
  }
  CHECK(means.agree(expected));
}

TEST_CASE("noise-contrastive estimation: loss and gradient are right on average",
          "[nn][output][witness][gradient][property]") {
  const auto distribution = GENERATE(Distribution::log_uniform, Distribution::unigram);
  CAPTURE(static_cast<int>(distribution));
  const auto layer = layer_of("noise_contrastive", 6, distribution);
  const GivenRows given;
  const auto expected_counts = layer.sampler.log_expected().exp();
  const auto against =
      torch::matmul(given.rows, layer.weight.t()) + layer.bias - layer.sampler.log_expected();  // [N, V]
  const auto own = against.gather(1, given.targets.unsqueeze(1)).squeeze(1);
  const auto full = -torch::log(torch::sigmoid(own)) - (torch::log(torch::sigmoid(-against)) * expected_counts).sum(1);
  auto expected = derivatives(full, layer, given);
  expected.push_back(full.detach());
  Means means;
  for (int64_t update = 0; update < 4000; ++update) {
    const Draw draw{.seed = 9, .update = update};
    const auto found = layer.output->loss({.rows = given.rows}, given.targets, {.draw = &draw});
    auto values = derivatives(found, layer, given);
    values.push_back(found);
    means.add(values);
  }
  CHECK(means.agree(expected));
}

TEST_CASE("noise-contrastive estimation: self-normalized search ranks by logits, and scores stay exact",
          "[nn][output]") {
  const OutputContext context{.width = row_width, .vocabulary = vocabulary_size};
  NoiseContrastiveOutput output({{.bias = true, .samples = 6}, /*self_normalized=*/true}, context);
  randomize(output, 3, at::kDouble);
  const torch::NoGradGuard no_gradient;
  const GivenRows given;
  const auto logits =
      torch::matmul(given.rows, output.named_parameters()["weight"].t()) + output.named_parameters()["bias"];
  const Bans bans{.words = torch::tensor({5}, torch::kLong), .rows = {}, .row_words = {}};
  const auto best = output.top_k({.rows = given.rows}, 3, bans);
  const auto [scores, ids] = logits.index_fill(1, bans.words, -INFINITY).topk(3, 1);
  CHECK(best.ids.equal(ids));
  CHECK(torch::allclose(best.scores, scores, 0, 1e-12));
  const auto normalized = logits.log_softmax(1);
  CHECK(torch::allclose(output.score({.rows = given.rows}, given.targets),
                        normalized.gather(1, given.targets.unsqueeze(1)).squeeze(1), 0, 1e-12));
  CHECK(torch::allclose(output.log_probabilities({.rows = given.rows}), normalized, 0, 1e-12));
}

TEST_CASE("noise-contrastive estimation: the bias starts at -log V, and the normalizer near 1", "[nn][output]") {
  const auto layer = layer_of("noise_contrastive", 6);
  initialize_uniform(*layer.output, 0.08, 1);
  set_fixed_initial_values(*layer.output);
  CHECK(torch::allclose(layer.bias, torch::full({vocabulary_size}, -std::log(20.0), torch::kDouble)));
}

TEST_CASE("sampling outputs: without the counts that it draws by, a layer scores but does not train",
          "[nn][output][error]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive");
  const auto layer = layer_of(kind, 6, Distribution::unigram);
  CHECK(layer.output->reads_counts());
  CHECK_FALSE(layer_of(kind, 6).output->reads_counts());
  const EstimatingOutputOptions options{.distribution = Distribution::unigram};
  const OutputContext context{.width = row_width, .vocabulary = vocabulary_size};
  const SampledOutput output(SampledOutputOptions{options}, context);
  const GivenRows given;
  const Draw draw;
  CHECK(output.score({.rows = given.rows.detach().to(at::kFloat)}, given.targets).size(0) == 5);
  CHECK_THROWS_AS(output.loss({.rows = given.rows.to(at::kFloat)}, given.targets, {.draw = &draw}), std::logic_error);
}

TEST_CASE("sampling outputs: several devices, and smoothing without a distribution, are refused by name",
          "[nn][output][error]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive", "adaptive");
  OutputContext context{.width = row_width, .vocabulary = vocabulary_size};
  context.placement.output = split_words({c10::kCPU, c10::kCPU}, vocabulary_size);
  CHECK_THROWS_WITH(builtin_outputs().make({.kind = kind, .options = nullptr}, context),
                    ContainsSubstring(kind) && ContainsSubstring("placement.output"));
  const auto layer = layer_of("noise_contrastive", 6);
  const GivenRows given;
  const Draw draw;
  CHECK_THROWS_WITH(layer.output->loss({.rows = given.rows}, given.targets, {.label_smoothing = 0.1, .draw = &draw}),
                    ContainsSubstring("train.label_smoothing") && ContainsSubstring("noise_contrastive"));
}

}  // namespace
}  // namespace seq2seq::nn
