#include <map>
#include <string>

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

data::Batch ragged_batch(uint64_t seed) {
  const std::vector<int64_t> source{4, 1, 9, 4, 2, 0}, target{3, 5, 1, 12, 1, 2};
  data::Batch batch;
  batch.source = random_sentences(seed, source, 9);
  batch.inputs = random_sentences(seed + 1, target, 8);
  batch.targets = batch.inputs.with(random_sentences(seed + 2, target, 8).rows);
  batch.weights = at::tensor({1.0F, 0.5F, 2.0F, 1.0F, 0.25F, 3.0F});
  return batch;
}

struct Made {
  std::vector<at::Tensor> losses;
  std::map<std::string, at::Tensor> gradients;
};

Made made_by(train::GradientSource& source, const nn::Model& model, int64_t update = 2) {
  for (auto& parameter : model.parameters()) parameter.mutable_grad().reset();
  Made made{.losses = source.accumulate({ragged_batch(1), ragged_batch(7)}, 5.0, {.seed = 3, .update = update}),
            .gradients = {}};
  for (const auto& item : model.named_parameters()) {
    const auto& gradient = item.value().grad();  // undefined in a layer that the update leaves out
    made.gradients[item.key()] = gradient.defined() ? gradient.clone() : at::zeros_like(item.value());
  }
  return made;
}

void check_same(const Made& a, const Made& b) {
  for (size_t batch = 0; batch < a.losses.size(); ++batch)
    CHECK(at::allclose(a.losses[batch].cpu(), b.losses[batch].cpu(), 0, 1e-12));
  for (const auto& [name, gradient] : a.gradients) {
    CAPTURE(name);
    CHECK(at::allclose(gradient.cpu(), b.gradients.at(name).cpu(), 0, 1e-12));
  }
}

TEST_CASE("pipeline: every model, schedule and chunk gives the losses and gradients of one pass",
          "[parallel][pipeline]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const int64_t chunk = GENERATE(1, 3, 20);
  CAPTURE(name, chunk);
  const auto model = random_variant(name, 5, 0.3);
  if (model->output().copies() && model->staged() == nullptr) return;  // of one piece
  REQUIRE(model->staged() != nullptr);
  const train::LossOptions options{.label_smoothing = model->output().refuses_smoothing().empty() ? 0.1 : 0,
                                   .teacher_forcing = chunk == 3 ? 0.5 : 1.0};
  train::SerialGradients serial(*model, options);
  const auto expected = made_by(serial, *model);
  for (const auto& kind : builtin_schedules().names()) {
    CAPTURE(kind);
    PipelineGradients pipeline(*model, *model->staged(), options, builtin_schedules().make({.kind = kind}), chunk,
                               std::make_unique<SerialExecutor>());
    check_same(expected, made_by(pipeline, *model));
  }
}

TEST_CASE("pipeline: a batch of empty sources trains, with dropout of attention weights too", "[parallel][pipeline]") {
  const auto model = random_variant("transformer", 5, 0.3);
  data::Batch batch;
  batch.source = data::pack({{}, {}}, {3, 4});
  batch.inputs = data::pack({{1, 4, 5}, {1}}, {3, 4});
  batch.targets = batch.inputs.with(data::pack({{4, 5, 2}, {2}}, {3, 4}).rows);
  train::SerialGradients serial(*model, {});
  PipelineGradients pipeline(*model, *model->staged(), {}, builtin_schedules().make({.kind = "micro_batch"}), 1,
                             std::make_unique<SerialExecutor>());
  const nn::Draw draw{.seed = 3, .update = 2};
  const auto expected = serial.accumulate({batch}, 2, draw).front();
  CHECK(expected.isfinite().all().item<bool>());
  CHECK(at::allclose(pipeline.accumulate({batch}, 2, draw).front(), expected, 0, 1e-12));
}

TEST_CASE("pipeline: updates that leave out layers give the losses and gradients of one pass",
          "[parallel][pipeline][dropout]") {
  const auto kind = GENERATE_COPY(from_range(builtin_schedules().names()));
  const int64_t chunk = GENERATE(1, 3);
  const double dropout = GENERATE(0.0, 0.3);  // of recurrent weights, too
  CAPTURE(kind, chunk, dropout);
  const auto model = random_variant("rnn, residual", 5, dropout);
  train::SerialGradients serial(*model, {});
  PipelineGradients pipeline(*model, *model->staged(), {}, builtin_schedules().make({.kind = kind}), chunk,
                             std::make_unique<SerialExecutor>());
  int64_t without_layer = 0;
  for (int64_t update = 0; update < 10; ++update) {
    CAPTURE(update);
    const auto expected = made_by(serial, *model, update);
    check_same(expected, made_by(pipeline, *model, update));
    without_layer += expected.gradients.at("decoder.lstm.weight_ih_l1").count_nonzero().item<int64_t>() == 0 ? 1 : 0;
  }
  CHECK(without_layer > 0);
  CHECK(without_layer < 10);
}

}  // namespace
}  // namespace seq2seq::parallel
