#include "seq2seq/train/clip.h"

#include <cmath>
#include <vector>

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/train/gradient_norm.h"
#include "test/support/catch.h"

namespace seq2seq::train {
namespace {

using namespace test;

/// Returns all components in one list, in double: a plain implementation.
std::vector<double> flat(const std::vector<at::Tensor>& gradients) {
  std::vector<double> values;
  for (const auto& gradient : gradients) {
    if (!gradient.defined()) continue;
    const auto copy = gradient.to(at::kDouble).contiguous();
    values.insert(values.end(), copy.const_data_ptr<double>(), copy.const_data_ptr<double>() + copy.numel());
  }
  return values;
}

double plain_norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

std::vector<at::Tensor> random_gradients(double scale) {
  return {at::randn({7, 5}) * scale, at::Tensor(), at::randn({40}, at::kDouble) * scale, at::randn({1}) * scale,
          at::zeros({0})};
}

TEST_CASE("clip: the norm is that of all components together", "[train][clip]") {
  at::manual_seed(GENERATE(values<uint64_t>({1, 2, 3, 4, 5})));
  const auto gradients = random_gradients(3);
  CHECK_THAT(gradient_norm(gradients).item<double>(), WithinRel(plain_norm(flat(gradients)), 1e-14));
}

TEST_CASE("clip: the norm of float32 gradients is theirs, whatever their number of components and how they lie",
          "[train][clip]") {
  const int64_t count = GENERATE(0, 1, 3, 4, 5, 8, 1003);
  const auto as_they_lie = GENERATE(true, false);
  CAPTURE(count, as_they_lie);
  at::manual_seed(static_cast<uint64_t>(count));
  const auto turned = at::randn({3, 5}).t();
  const std::vector<at::Tensor> gradients{at::randn({count}), as_they_lie ? turned : turned.contiguous(),
                                          at::randn({7, 5})};
  CHECK_THAT(gradient_norm(gradients).item<double>(), WithinRel(plain_norm(flat(gradients)), 1e-14));
}

TEST_CASE("clip: the norm of many float32 components is summed in double", "[train][clip]") {
  // Within 3,000,000 roundings of a double each, 3e-10; sums in float32 are wrong by 1e-5 and more.
  const std::vector<at::Tensor> gradients{at::zeros({3'000'000}) + 0.1};
  const double tenth{0.1F};
  CHECK_THAT(gradient_norm(gradients).item<double>(), WithinRel(tenth * std::sqrt(3e6), 1e-9));
}

TEST_CASE("clip: without any gradient the norm is 0", "[train][clip]") {
  CHECK(gradient_norm({}).item<double>() == 0);
  CHECK(gradient_norm({at::Tensor()}).item<double>() == 0);
}

TEST_CASE("clip: every kind does what a plain implementation does", "[train][clip][property]") {
  at::manual_seed(GENERATE(values<uint64_t>({1, 2, 3})));
  const auto kind = GENERATE_COPY(from_range(builtin_clips().names()));
  const double scale = GENERATE(0.1, 1.0, 10.0);  // norms of about 0.9, 9 and 90
  CAPTURE(kind, scale);
  const auto gradients = random_gradients(scale);
  auto expected = flat(gradients);
  const double norm = plain_norm(expected);
  double factor = 1;
  if (kind == "norm" && norm > 5) factor = 5 / norm;
  if (kind == "norm_range") factor = norm < 10 ? 10 / norm : norm > 25 ? 25 / norm : 1;
  for (double& value : expected) value = kind == "value" ? std::fmin(std::fmax(value, -5), 5) : value * factor;

  builtin_clips().make({.kind = kind, .options = nullptr})->apply(gradients, gradient_norm(gradients));

  const auto clipped = flat(gradients);
  for (size_t i = 0; i < expected.size(); ++i) REQUIRE_THAT(clipped[i], WithinRel(expected[i], 1e-6));  // float32
}

TEST_CASE("clip: a norm within the range stays as it is, one outside is brought to its nearer end", "[train][clip]") {
  for (const auto& [norm, wanted] : {std::pair{2.0, 3.0}, {4.0, 4.0}, {30.0, 20.0}}) {
    CAPTURE(norm);
    const std::vector<at::Tensor> gradients{at::zeros({1}) + norm};
    NormRangeClip({.min = 3, .max = 20}).apply(gradients, gradient_norm(gradients));
    CHECK(gradients[0].item<float>() == static_cast<float>(wanted));
  }
}

TEST_CASE("clip: a norm at the limit is left alone to the bit, as nothing is added to it", "[train][clip]") {
  const std::vector<at::Tensor> gradients{at::zeros({1}) + 5};
  NormClip({.limit = 5}).apply(gradients, gradient_norm(gradients));
  CHECK(gradients[0].item<float>() == 5);
}

TEST_CASE("clip: a norm of 0 stays 0 in a range", "[train][clip]") {
  const std::vector<at::Tensor> gradients{at::zeros({3})};
  NormRangeClip({}).apply(gradients, gradient_norm(gradients));
  CHECK(gradients[0].count_nonzero().item<int64_t>() == 0);
}

}  // namespace
}  // namespace seq2seq::train
