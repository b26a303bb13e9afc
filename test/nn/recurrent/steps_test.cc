#include "seq2seq/nn/recurrent/steps.h"

#include <vector>

#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>

#include "test/support/catch.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

std::vector<int64_t> running_sentences() {
  return GENERATE(std::vector<int64_t>{4}, std::vector<int64_t>{1, 1, 1}, std::vector<int64_t>{5, 5, 3, 3, 1},
                  std::vector<int64_t>{2, 0}, std::vector<int64_t>{7, 2, 2, 2});
}

c10::Device any_device() { return GENERATE(c10::Device(c10::kCPU), test::test_device(1)); }

TEST_CASE("steps: the last row of a sentence is the one of its own last step", "[nn][lstm]") {
  const Steps steps(running_sentences());
  const auto device = any_device();
  CAPTURE(steps.running, device);
  const auto rows = at::rand({steps.rows(), 3});
  const auto found = last_rows(rows.to(device), steps).cpu();
  REQUIRE(found.size(0) == steps.sentences(0));
  for (int64_t sentence = 0; sentence < steps.sentences(0); ++sentence) {
    int64_t last = 0;
    while (steps.sentences(last + 1) > sentence) ++last;
    CHECK(at::equal(found[sentence], steps.of(rows, last)[sentence]));
  }
}

TEST_CASE("steps: before a row stands the row of the same sentence one step earlier, or the first state",
          "[nn][lstm]") {
  const Steps steps(running_sentences());
  const auto device = any_device();
  CAPTURE(steps.running, device);
  const int64_t ended = GENERATE(0, 2);  // sentences that ended before the first step
  const auto rows = at::rand({steps.rows(), 3}), first = at::rand({steps.sentences(0) + ended, 3});
  const auto found = rows_before(first.to(device), rows.to(device), steps).cpu();
  REQUIRE(found.sizes() == rows.sizes());
  for (int64_t step = 0; step < steps.count(); ++step)
    for (int64_t sentence = 0; sentence < steps.sentences(step); ++sentence)
      CHECK(
          at::equal(steps.of(found, step)[sentence], step == 0 ? first[sentence] : steps.of(rows, step - 1)[sentence]));
}

}  // namespace
}  // namespace seq2seq::nn
