// A device that fails in the middle of training, as a GPU does that falls off the bus.
#include <stdexcept>

#include <c10/util/Exception.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/train/schedule/schedule.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

struct FailingOptions {
  int64_t at_update = 0;
};
void declare(config::Keys& keys, FailingOptions& options) {
  keys.add("at_update", options.at_update, "update at which the device fails");
}

/// Stands for a device: fails as LibTorch reports it.
class Failing final : public train::Schedule {
 public:
  using Options = FailingOptions;
  explicit Failing(const Options& options) : options_(options) {}
  double factor(const train::Point& point) const override {
    if (point.update >= options_.at_update)
      throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 719, "CUDA error: unspecified launch failure\nmore");
    return 1;
  }

 private:
  FailingOptions options_;
};

std::string failure_at(Toy& toy, const std::string& update) {
  return message_of<Error>([&] {
    toy.train("run", {"train.schedule.kind=failing", "train.schedule.at_update=" + update});
  });
}

}  // namespace

TEST_CASE("failed device: training names the last checkpoint and how to continue", "[run][failed_device]") {
  Toy toy(copied);
  auto registries = run::builtin_registries();
  registries.schedules.add<Failing>("failing", "fails at an update");
  toy.environment.registries = &registries;

  SECTION("after a checkpoint") {
    const auto message = failure_at(toy, "12");
    CHECK_THAT(message, ContainsSubstring("a device failed during training: CUDA error: unspecified launch failure."));
    CHECK_THAT(message, ContainsSubstring("run` continues from checkpoint 10"));
  }
  SECTION("before the first checkpoint") {
    CHECK_THAT(failure_at(toy, "2"), ContainsSubstring("The run has no checkpoint yet"));
  }
}

TEST_CASE("failed device: memory and other errors are told apart from it", "[run][failed_device]") {
  const auto failure = [](const auto& error) { return device_failure(std::make_exception_ptr(error)); };
  const c10::SourceLocation here{__func__, __FILE__, __LINE__};
  CHECK(failure(c10::Error(here, "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`")) ==
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`");
  CHECK(failure(c10::Error(here, "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR")) ==
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR");
  CHECK(failure(c10::OutOfMemoryError(here, "CUDA out of memory. Tried to allocate 2.00 GiB")).empty());
  CHECK(failure(c10::Error(here, "expected a matrix")).empty());
  CHECK(failure(std::runtime_error("CUDA error")).empty());
}

}  // namespace seq2seq::test
