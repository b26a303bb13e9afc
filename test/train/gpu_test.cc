// Training on a GPU, compared with the CPU. late_update_test.cc tests the waits of updates on devices of every machine.

#include "test/support/gpu.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/ones.h>
#include <c10/core/GradMode.h>
#ifdef SEQ2SEQ_CUDA
#include <c10/cuda/CUDAFunctions.h>
#endif

#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/nn/precision.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/sgd.h"
#include "seq2seq/train/update.h"
#include "test/support/catch.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

nn::Placement placed_on(c10::Device device) { return {.device = device, .parts = {}, .output = {}}; }

TrainOptions options_with(const std::string& optimizer) {
  auto options = tiny_options();
  options.optimizer = optimizer == "adam"
                          ? selection("adam", AdamOptions{.learning_rate = 0.01, .weight_decay = 0.01})
                          : selection("sgd", SgdOptions{.learning_rate = 0.2, .momentum = 0.9, .weight_decay = 0.001});
  options.clip = selection("norm", NormClipOptions{.limit = 0.05});
  options.average.decay = 0.9;
  options.report_every_updates = 4;
  return options;
}

/// Sets the precision of all computations during its lifetime.
class ComputeIn {
 public:
  explicit ComputeIn(nn::Precision precision) { nn::set_precision(precision); }
  ~ComputeIn() { nn::set_precision(nn::Precision::float32); }
  ComputeIn(const ComputeIn&) = delete;
  ComputeIn& operator=(const ComputeIn&) = delete;
};

/// Makes LibTorch throw if the host waits for a GPU, during its lifetime.
class NoWaiting {
 public:
  NoWaiting() { set(true); }
  ~NoWaiting() { set(false); }
  NoWaiting(const NoWaiting&) = delete;
  NoWaiting& operator=(const NoWaiting&) = delete;

 private:
  static void set([[maybe_unused]] bool throws) {
#ifdef SEQ2SEQ_CUDA
    using Mode = c10::cuda::SyncDebugMode;
    c10::cuda::warning_state().set_sync_debug_mode(throws ? Mode::L_ERROR : Mode::L_DISABLED);
#endif
  }
};

Checkpoint last_checkpoint(const TinyRun& run) { return load_checkpoint(disk_files(), run.folder, 12); }

/// Compares in double: sums in another order; Adam multiplies the difference by learning rate / epsilon.
void check_near_in_double(const nn::NamedTensors& found, const nn::NamedTensors& expected) {
  REQUIRE(found.tensors.size() == expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(found.tensors.at(name).cpu(), tensor, /*rtol=*/0, 1e-9));
  }
}

void check_losses(const TinyRun& found, const TinyRun& expected, double tolerance) {
  const auto lines = found.metrics("train"), wanted = expected.metrics("train");
  REQUIRE(lines.size() == 3);
  REQUIRE(wanted.size() == 3);
  for (size_t i = 0; i < lines.size(); ++i)
    CHECK_THAT(lines[i].at("loss").get<double>(), WithinRel(wanted[i].at("loss").get<double>(), tolerance));
}

TEST_CASE("gpu: updates in double are those of the CPU", "[train][update][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  const auto kernels = GENERATE(std::string(), std::string("cudnn"));
  CAPTURE(optimizer, kernels);
  const auto options = options_with(optimizer);
  TinyRun here(0.3, {}, at::kDouble), there(0.3, {}, at::kDouble, placed_on(*device));
  here.train(options);
  const GpuKernels on(kernels);
  there.train(options);
  const auto found = last_checkpoint(there), expected = last_checkpoint(here);
  check_near_in_double(found.weights, expected.weights);
  check_near_in_double(found.optimizer, expected.optimizer);
  check_losses(there, here, 1e-9);
}

TEST_CASE("gpu: the host waits for nothing inside an update", "[train][update][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  const GpuKernels on(GENERATE(std::string(), std::string("cudnn,softmax"), std::string("lstm,softmax")));
  CAPTURE(optimizer, gpu_kernels());
  TinyRun run(0.3, {}, at::kFloat, placed_on(*device));
  const auto options = options_with(optimizer);
  Updater updater(options, run.setup, trainable_parameters(*run.model, {}));
  const auto issue = [&](int64_t number, const std::vector<int64_t>& pairs) {
    return updater.issue({data::make_batch(run.corpus, pairs, run.text)}, {.seed = 1, .update = number}, 1);
  };
  CHECK(updater.finish(issue(0, {0, 1, 2, 3})).made);  // libraries are loaded at their first use
  const auto number = at::ones({1}, at::TensorOptions(*device));
  IssuedUpdate first, second;
  {
    const NoWaiting none;
    CHECK_THROWS(number.item<float>());  // waits are detected
    first = issue(1, {6, 5, 4});
    second = issue(2, {7, 8, 9});
  }
  CHECK(updater.finish(std::move(first)).made);
  CHECK(updater.finish(std::move(second)).made);
}

TEST_CASE("gpu: updates that are not finite are skipped as on the CPU", "[train][update][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  CAPTURE(optimizer);
  const auto options = options_with(optimizer);
  TinyRun here, there(0, {}, at::kFloat, placed_on(*device));
  for (auto* run : {&here, &there}) {
    const at::NoGradGuard no_gradient;
    run->model->named_parameters()["encoder.embedding.weight"][7].fill_(std::numeric_limits<float>::infinity());
    run->setup.validate = nullptr;
  }
  const auto expected = here.train(options).skipped, found = there.train(options).skipped;
  CHECK(found == expected);
  CHECK((expected > 0 && expected < 12));
  for (const auto& [name, tensor] : last_checkpoint(there).weights.tensors) {
    CAPTURE(name);
    CHECK((name == "encoder.embedding.weight" || tensor.isfinite().all().item<bool>()));
  }
}

TEST_CASE("gpu: a training that goes on from its checkpoint has the bits of one that was never stopped",
          "[train][resume][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  const GpuKernels on(GENERATE(std::string(), std::string("lstm,softmax")));
  CAPTURE(optimizer, gpu_kernels());
  auto options = options_with(optimizer);
  TinyRun whole(0.3, {}, at::kFloat, placed_on(*device)), first(0.3, {}, at::kFloat, placed_on(*device));
  whole.train(options);
  options.updates = 6;
  first.train(options);
  options.updates = 12;
  TinyRun second(0.3, first.folder.root(), at::kFloat, placed_on(*device));
  second.train(options, 6);
  CHECK(same_tensors(last_checkpoint(second).weights, last_checkpoint(whole).weights));
  CHECK(same_tensors(last_checkpoint(second).optimizer, last_checkpoint(whole).optimizer));
}

TEST_CASE("gpu: losses in tf32 and bf16 are within a hundredth of those in float32", "[train][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto precision = GENERATE(nn::Precision::tf32, nn::Precision::bf16);
  if (const auto refusal = nn::precision_refusal(precision, *device); !refusal.empty()) {
    WARN("skipped: " + refusal);
    return;
  }
  const GpuKernels on(GENERATE(std::string(), std::string("cudnn,softmax"), std::string("lstm,softmax")));
  CAPTURE(static_cast<int>(precision), gpu_kernels());
  const auto options = options_with("sgd");
  TinyRun exact(0.3, {}, at::kFloat, placed_on(*device)), rounded(0.3, {}, at::kFloat, placed_on(*device));
  exact.train(options);
  {
    const ComputeIn in(precision);
    rounded.train(options);
  }
  check_losses(rounded, exact, 0.01);
  // A small layer may have no product in tf32; bf16 rounds all operands of the output layer.
  if (precision == nn::Precision::bf16)
    CHECK_FALSE(same_tensors(last_checkpoint(rounded).weights, last_checkpoint(exact).weights));
}

}  // namespace
}  // namespace seq2seq::train
