#include "seq2seq/train/coverage_loss.h"

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ops/rand.h>
#include <ATen/ops/randn_like.h>

#include "seq2seq/data/batch.h"
#include "seq2seq/train/gradient_source.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

TEST_CASE("coverage loss: of each row the overlap with the rows before, sentence by sentence", "[train][batch]") {
  const std::vector<int64_t> lengths{3, 1, 5, 3};
  torch::manual_seed(2);
  const auto layout = random_packed(lengths, 1).layout;
  const data::Packed weights{at::rand({12, 4}, at::kDouble), layout};
  const data::Packed found{coverage_losses(weights.rows, *layout).unsqueeze(1), layout};
  for (size_t sentence = 0; sentence < lengths.size(); ++sentence) {
    CAPTURE(sentence);
    const auto own = rows_of(weights, static_cast<int64_t>(sentence));
    const auto losses = rows_of(found, static_cast<int64_t>(sentence));
    for (int64_t row = 0; row < lengths[sentence]; ++row) {
      double expected = 0;
      for (int64_t position = 0; position < 4; ++position) {
        double past = 0;
        for (int64_t before = 0; before < row; ++before) past += own[before][position].item<double>();
        expected += std::min(own[row][position].item<double>(), past);
      }
      CHECK_THAT(losses[row].item<double>(), WithinAbs(expected, 1e-12));
    }
  }
}

TEST_CASE("coverage loss: the gradient of an update agrees with differences in double", "[train][gradient]") {
  const auto kind = GENERATE(as<std::string>(), "additive", "general", "location");
  const bool fed = GENERATE(false, true);
  CAPTURE(kind, fed);
  const auto model = random_variant("rnn, attention " + kind + (fed ? " fed" : ""), 4);
  const TinyRun run;
  const auto batch = data::make_batch(random_ids(1, {4, 2, 6}, 9), random_ids(2, {3, 5, 2}, 8), {0, 1, 2}, run.text);
  const nn::Draw draw{.seed = 1, .update = 3};
  const auto losses = [&](double weight) {
    return token_losses(*model, batch, {.label_smoothing = 0.1, .coverage = weight}, {}, &draw);
  };
  CHECK((losses(2) - losses(0)).sum().item<double>() > 0.1);
  SerialGradients gradients(*model, {.label_smoothing = 0.1, .coverage = 2});
  const auto reported = gradients.accumulate({batch}, 3, draw).front();
  const at::NoGradGuard no_gradient;
  CHECK(reported.allclose(losses(0), 0, 1e-12));  // of the words alone, so that a perplexity is one
  torch::manual_seed(7);
  for (auto& item : model->named_parameters()) {
    CAPTURE(item.key());
    auto parameter = item.value();
    const auto value = parameter.clone(), along = at::randn_like(parameter);
    const double step = 1e-6;
    parameter.copy_(value + step * along);
    const double above = losses(2).sum().item<double>() / 3;
    parameter.copy_(value - step * along);
    const double below = losses(2).sum().item<double>() / 3;
    parameter.copy_(value);
    const double expected = (above - below) / (2 * step), made = (parameter.grad() * along).sum().item<double>();
    CHECK_THAT(made, WithinAbs(expected, 1e-7 * std::max(1.0, std::abs(expected))));
  }
}

}  // namespace
}  // namespace seq2seq::train
