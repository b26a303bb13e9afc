#include "seq2seq/core/device.h"

#include <string>
#include <thread>
#include <vector>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq {

using test::ContainsSubstring;

TEST_CASE("device: a name that is none lists those that are", "[core][device][error]") {
  const std::string text = GENERATE("gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CPU", "");
  CAPTURE(text);
  REQUIRE_THROWS_AS(parse_available_device(text), UsageError);
  REQUIRE_THROWS_WITH(parse_available_device(text), "unknown device `" + text + "`; use `cpu`, `cuda` or `cuda:N`");
}

TEST_CASE("device: a GPU that is not there is refused with what is", "[core][device][error]") {
  REQUIRE_THROWS_WITH(parse_available_device("cuda:99"),
                      ContainsSubstring("device `cuda:99` was not found: LibTorch finds "));
}

TEST_CASE("device: cpu, and cuda where LibTorch has it", "[core][device]") {
  REQUIRE(parse_available_device("cpu") == c10::Device(c10::kCPU));
  if (!at::hasCUDA()) {
    REQUIRE_THROWS_WITH(
        parse_available_device("cuda"),
        "device `cuda` was not found: LibTorch finds no GPU here. Use `cpu`; `scripts/setup --cuda` builds for a GPU");
    return;
  }
  REQUIRE(parse_available_device("cuda") == c10::Device(c10::kCUDA, 0));
}

TEST_CASE("machine: threads are set and recorded", "[core][device]") {
  const Machine one = prepare_machine(1, c10::kCPU);
  REQUIRE(one.threads == 1);
  REQUIRE(at::get_num_threads() == 1);
  REQUIRE(prepare_machine(2, c10::kCPU).threads == 2);
}

TEST_CASE("machine: all threads compute with 0 in place of subnormal numbers", "[core][device]") {
  const auto product = [] {
    volatile float small = 1e-30F;  // at run time, not by the compiler
    return small * 1e-10F;
  };
  std::vector<float> here(1, -1), pool(2, -1), later(1, -1);
  std::thread([&] {  // its pool starts before
    at::set_num_threads(2);
    at::parallel_for(0, 2, 1, [](int64_t, int64_t) {});
    prepare_machine(2, c10::kCPU);
    here[0] = product();
    at::parallel_for(0, 2, 1, [&](int64_t first, int64_t) { pool[first] = product(); });
    std::thread([&] { later[0] = product(); }).join();
  })
      .join();
  CHECK(here == std::vector<float>{0});
  CHECK(pool == std::vector<float>{0, 0});
  CHECK(later == std::vector<float>{0});
}

TEST_CASE("machine: what numbers depend on has a name", "[core][device]") {
  const Machine machine = prepare_machine(1, c10::kCPU);
  CAPTURE(machine.product_library, machine.instruction_set, machine.torch);
  REQUIRE(machine.device == "cpu");
  REQUIRE(machine.torch.rfind("2.11.", 0) == 0);
  REQUIRE_THAT(machine.instruction_set, ContainsSubstring("AVX") || ContainsSubstring("DEFAULT") ||
                                            ContainsSubstring("NEON") || ContainsSubstring("SVE") ||
                                            ContainsSubstring("VSX"));
  if (at::hasMKL()) REQUIRE(machine.product_library.rfind("mkl 20", 0) == 0);
}

}  // namespace seq2seq
