// The memory that the planner expects stages to keep, compared with what their forward passes leave allocated.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/parallel/plan/measure.h"
#include "seq2seq/parallel/plan/memory.h"
#include "test/support/catch.h"
#include "test/support/counted_bytes.h"
#include "test/support/registered.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

constexpr int64_t words = 400, steps = 20;

std::shared_ptr<nn::Model> model_of(const std::string& architecture, const Values& values, bool language) {
  const auto models = language ? nn::builtin_language_models() : nn::builtin_models();
  auto model = models.make(small(models, architecture, values),
                           {.source_vocabulary = words, .target_vocabulary = words, .placement = {}});
  nn::initialize_uniform(*model, 0.1, 3);
  return model;
}

/// Returns the bytes in memory after all stages have run forward, without the rows that gradients are copied to later.
int64_t bytes_after_forward(const nn::StagedModel& model, const BatchSize& size) {
  const auto counted = std::make_shared<CountedBytes>();
  const auto stages = model.stages();
  const auto batch = equal_batch(size);
  const nn::Draw draw{.seed = 1, .update = 1};
  const auto row_scale = at::full({batch.targets.rows.size(0)}, 0.1);
  const at::NoGradGuard by_hand;
  const c10::DebugInfoGuard counting(c10::DebugInfoKind::PROFILER_STATE, counted);
  const auto run = model.begin({.source = batch.source,
                                .inputs = batch.inputs,
                                .targets = batch.targets.rows,
                                .spec = {.row_scale = row_scale, .draw = &draw},
                                .draw = &draw});
  int64_t gradients = 0;
  for (size_t number = 0; number < stages.size(); ++number) {
    const bool source = stages[number].side == nn::Side::source;
    const int64_t length = source ? size.source : size.target;
    run.passes[number]->forward(
        {.first_step = 0, .last_step = length, .first_row = 0, .last_row = size.sentences * length});
    // A layer that reads rows of the whole batch at once allocates their gradient when it is known.
    const auto& name = stages[number].name;
    const bool at_once = stages[number].whole && !stages[number].recurrent && name != "bridge";
    for (const auto& input : stages[number].inputs) {
      const auto& from = stages[static_cast<size_t>(input.stage)];
      if (at_once || input.needs == nn::StageInput::Needs::end || name == "loss") continue;
      const int64_t copies = stages[number].whole ? 2 : 1;  // each direction of a bidirectional layer has its own
      gradients += copies * size.sentences * (from.side == nn::Side::source ? size.source : size.target) * from.width;
    }
  }
  return counted->bytes - gradients * static_cast<int64_t>(sizeof(float));
}

struct Kept {
  std::string name, architecture;
  Values values;
  bool language = false;
};

TEST_CASE("plan: the bytes that stages keep are those in memory after their forward passes", "[parallel][plan]") {
  const Values wide{{"cells", "64"},         {"size", "64"},    {"width", "64"},
                    {"feed_forward", "128"}, {"samples", "50"}, {"dropout.layers", "0"}};
  const auto kept =
      GENERATE(Kept{"lstm", "rnn", {}},
               Kept{"bidirectional lstm", "rnn", {{"encoder.bidirectional", "all"}, {"bridge.kind", "linear"}}},
               Kept{"first layer both ways", "rnn", {{"encoder.bidirectional", "first"}, {"bridge.kind", "linear"}}},
               Kept{"sampled", "rnn", {{"output.kind", "sampled"}}},
               Kept{"noise contrastive", "rnn", {{"output.kind", "noise_contrastive"}}},
               Kept{"post", "transformer", {}}, Kept{"pre", "transformer", {{"norm", "pre"}}},
               Kept{"gelu, rotary", "transformer", {{"activation", "gelu"}, {"positions", "rotary"}}},
               Kept{"dropout", "transformer", {{"dropout.residual", "0.1"}, {"dropout.inner", "0.1"}}},
               Kept{"language model", "transformer", {}, true});
  CAPTURE(kept.name);
  auto values = kept.values;
  values.insert(wide.begin(), wide.end());
  if (kept.architecture == "transformer") values.insert({"dropout.residual", "0"});
  const auto model = model_of(kept.architecture, values, kept.language);
  const auto outline = outline_of(*model);
  // The difference of two batches of one length is memory of their rows; packed weights, for example, cancel out.
  double measured = 0, planned = 0;
  for (const int64_t sentences : {16, 32}) {
    const double sign = sentences == 32 ? 1 : -1;
    const BatchSize size{.sentences = sentences, .source = kept.language ? 0 : steps, .target = steps};
    planned += sign * memory_of(outline, Layout{}, size, 0, nn::Precision::float32).front().activations;
    measured += sign * static_cast<double>(bytes_after_forward(*model->staged(), size));
  }
  CHECK_THAT(planned, WithinRel(measured, 0.05));  // index tensors, last states and single numbers are not counted
}

TEST_CASE("plan: an estimating output layer computes with the words that it draws", "[parallel][plan]") {
  const auto kind = GENERATE(as<std::string>(), "sampled", "noise_contrastive");
  const auto samples = GENERATE(20, 1000);  // more than there are words
  const auto model = model_of("rnn", {{"output.kind", kind}, {"samples", std::to_string(samples)}}, false);
  const auto& stage = model->staged()->stages().back();
  CHECK(stage.name == "output");
  CHECK(stage.products == static_cast<double>((std::min<int64_t>(samples, words) + 1) * 4));  // 4 cells
}

}  // namespace
}  // namespace seq2seq::parallel
