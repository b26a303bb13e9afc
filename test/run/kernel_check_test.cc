#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/recurrent/lstm.h"
#include "seq2seq/run/kernel_check/check_training.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// A possible fault of a kernel.
enum class KernelFault { none, rows, input_gradient };

struct FaultyOptions {
  nn::LstmOptions lstm;
  KernelFault fault = KernelFault::none;
  int64_t input = 12;  // width of the input of the layers with the fault
  int64_t step = 2;    // counted from 0
};
void declare(config::Keys& keys, FaultyOptions& options) { nn::declare(keys, options.lstm); }

/// Returns ones, and 1.001 in the rows of a step. [N, 1]
at::Tensor step_factors(const data::Packed& rows, int64_t step) {
  auto factor = at::ones_like(rows.rows.select(1, 0).detach());
  if (step < rows.layout->steps()) {
    int64_t first = 0;
    for (int64_t before = 0; before < step; ++before) first += rows.layout->running[static_cast<size_t>(before)];
    factor.narrow(0, first, rows.layout->running[static_cast<size_t>(step)]).fill_(1.001);
  }
  return factor.unsqueeze(1);
}

/// An LSTM layer that is wrong by a thousandth at one step.
class FaultyLstm final : public nn::Layer {
 public:
  using Options = FaultyOptions;
  FaultyLstm(const Options& options, const nn::LayerContext& context)
      : layer_(options.lstm, context),
        fault_(context.input == options.input ? options.fault : KernelFault::none),
        step_(options.step) {}

  data::Packed run(const data::Packed& chunk, nn::State& state, const nn::LayerCall& call) const override {
    auto input = chunk;
    if (fault_ == KernelFault::input_gradient && chunk.rows.requires_grad()) {
      input.rows = chunk.rows * 1;
      input.rows.register_hook(
          [factor = step_factors(chunk, step_)](const at::Tensor& found) { return found * factor; });
    }
    auto output = layer_.run(input, state, call);
    if (fault_ == KernelFault::rows)
      output.rows = output.rows + (output.rows * (step_factors(output, step_) - 1)).detach();
    return output;
  }
  nn::StateShape state_shape() const override { return layer_.state_shape(); }
  int64_t width() const override { return layer_.width(); }
  nn::ParameterPlace place() const override { return layer_.place(); }

 private:
  nn::Lstm layer_;
  KernelFault fault_;
  int64_t step_;
};

/// An output layer with wrong losses at the first rows of a batch.
class FaultyOutput final : public nn::FullOutput {
 public:
  FaultyOutput(const Options& options, const nn::OutputContext& context) : FullOutput(options, context) {}
  at::Tensor loss(const nn::Features& features, const nn::Ids& targets, const nn::LossSpec& spec) const override {
    const auto losses = FullOutput::loss(features, targets, spec);
    auto error = at::ones_like(losses.detach());
    error[0] = 1.001;
    return losses * error;
  }
};

run::KernelReport kernels_of(const Toy& toy, const std::vector<std::string>& set = {}) {
  return run::check_kernels({.config = toy / "toy.yaml", .overrides = overrides(set), .folder = {}, .init_from = {}}, 2,
                            toy.environment);
}

std::vector<std::string> report_lines(const run::KernelReport& report, const std::string& words) {
  std::vector<std::string> found;
  for (const auto& line : report.lines)
    if (line.find(words) != std::string::npos) found.push_back(line);
  return found;
}

constexpr const char* above_bound = "<- above the bound";

}  // namespace

TEST_CASE("kernel check: every LSTM layer and the output layer agree with LibTorch's operators", "[run][kernels]") {
  const std::string precision = GENERATE(as<std::string>(), "float32", "bf16");
  const std::string attention = GENERATE(as<std::string>(), "none", "dot");
  if (precision == "bf16" && !has_bf16_products()) return;
  CAPTURE(precision, attention);
  Toy toy(turned);
  const auto report = kernels_of(toy, {"train.precision=" + precision, "model.attention.kind=" + attention});
  CAPTURE(report.lines);
  CHECK(report.fault.empty());
  CHECK(report_lines(report, above_bound).empty());
  for (const std::string part :
       {"encoder.lstm layer 1", "encoder.lstm layer 2", "decoder.lstm layer 1", "decoder.lstm layer 2", "output layer"})
    CHECK(report_lines(report, part).size() == 3);
  CHECK(report_lines(report, "not compared: attention").size() == (attention == "none" ? 0 : 1));
}

TEST_CASE("kernel check: a kernel that is wrong at one step is named with its layer and this step", "[run][kernels]") {
  const auto fault = GENERATE(KernelFault::rows, KernelFault::input_gradient);
  Toy toy(copied);
  nn::LayerRegistry layers;
  layers.add<FaultyLstm>("lstm", "an LSTM with a fault", {.version = 1, .defaults = {.lstm = {}, .fault = fault}});
  toy.environment.registries->parts->layers = layers;
  const auto report = kernels_of(toy);
  CAPTURE(static_cast<int>(fault), report.lines);
  const auto wrong = report_lines(report, above_bound);
  REQUIRE(wrong.size() == 2);
  CHECK_THAT(wrong[0], ContainsSubstring("encoder.lstm layer 2") && ContainsSubstring("step 3"));
  CHECK_THAT(wrong[1], ContainsSubstring("decoder.lstm layer 2") && ContainsSubstring("step 3"));
  const std::string where = fault == KernelFault::rows ? "outputs differ by " : "gradients differ by ";
  CHECK_THAT(report.fault, ContainsSubstring("lstm layer 2: " + where) && ContainsSubstring(", step 3, sentence "));
}

TEST_CASE("kernel check: an output layer that is wrong in a row is named with its step", "[run][kernels]") {
  Toy toy(copied);
  nn::OutputRegistry outputs;
  outputs.add<FaultyOutput>("full", "a softmax with a fault");
  toy.environment.registries->parts->outputs = outputs;
  const auto report = kernels_of(toy);
  CAPTURE(report.lines);
  if (best_isa() == Isa::reference) {
    CHECK(report_lines(report, "not compared: output layer").size() == 1);
    return;
  }
  REQUIRE(report_lines(report, above_bound).size() == 1);
  CHECK_THAT(report.fault, ContainsSubstring("output layer: outputs differ by ") &&
                               ContainsSubstring("largest difference at losses, step 1, sentence "));
}

TEST_CASE("kernel check: layers without kernels of ours are named", "[run][kernels]") {
  Toy toy(copied);
  const auto report = kernels_of(toy, {"model.encoder.kind=gru", "model.decoder.kind=gru"});
  CHECK(report.fault.empty());
  CHECK(
      report_lines(report, "not compared: decoder.gru layer 2: layers of kind `gru` use LibTorch's operators").size() ==
      1);
  const auto sampled = kernels_of(toy, {"model.output.kind=sampled", "model.output.samples=3"});
  CHECK(report_lines(sampled, "not compared: output layer: only a full output layer has kernels of its own").size() ==
        1);
}

TEST_CASE("kernel check: each direction of a layer is compared, and weights may come from a run", "[run][kernels]") {
  Toy toy(turned);
  const std::vector<std::string> set{"model.encoder.bidirectional=all", "model.bridge.kind=linear"};
  toy.train("run", set);
  const auto report = run::check_kernels(
      {.config = toy / "toy.yaml", .overrides = overrides(set), .folder = {}, .init_from = toy / "run"}, 1,
      toy.environment);
  CAPTURE(report.lines);
  CHECK(report.fault.empty());
  CHECK(report_lines(report, "encoder.lstm layer 2, backward").size() == 3);
}

}  // namespace seq2seq::test
