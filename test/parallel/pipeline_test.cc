#include <map>
#include <string>

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

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
  batch.source = data::pack(random_ids(seed, source, 9), numbers(source.size()));
  batch.inputs = data::pack(random_ids(seed + 1, target, 8), numbers(target.size()));
  batch.targets = batch.inputs.with(data::pack(random_ids(seed + 2, target, 8), numbers(target.size())).rows);
  batch.weights = at::tensor({1.0F, 0.5F, 2.0F, 1.0F, 0.25F, 3.0F});
  return batch;
}

struct Made {
  std::vector<at::Tensor> losses;
  std::map<std::string, at::Tensor> gradients;
};

Made made_by(train::GradientSource& source, const nn::Model& model) {
  for (auto& parameter : model.parameters()) parameter.mutable_grad().reset();
  Made made{.losses = source.accumulate({ragged_batch(1), ragged_batch(7)}, 5.0, {.seed = 3, .update = 2}),
            .gradients = {}};
  for (const auto& item : model.named_parameters()) made.gradients[item.key()] = item.value().grad().clone();
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
  const auto kind = GENERATE_COPY(from_range(builtin_schedules().names()));
  const int64_t chunk = GENERATE(1, 3, 20);
  CAPTURE(name, kind, chunk);
  const auto model = random_variant(name, 5, 0.3);
  const train::LossOptions options{.label_smoothing = model->output().refuses_smoothing().empty() ? 0.1 : 0,
                                   .teacher_forcing = chunk == 3 ? 0.5 : 1.0};
  train::SerialGradients serial(*model, options);
  const bool whole = name.find("rnn") == std::string::npos || model->output().copies();
  if (whole && model->staged() == nullptr) return;  // of one piece
  REQUIRE(model->staged() != nullptr);
  PipelineGradients pipeline(*model, *model->staged(), options, builtin_schedules().make({.kind = kind}), chunk,
                             std::make_unique<SerialExecutor>());
  check_same(made_by(serial, *model), made_by(pipeline, *model));
}

}  // namespace
}  // namespace seq2seq::parallel
