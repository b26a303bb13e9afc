#include "seq2seq/parallel/plan/hardware.h"

#include <filesystem>
#include <fstream>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;
namespace fs = std::filesystem;

TEST_CASE("hardware: speeds are interpolated on logarithmic scales and level beyond the ends", "[parallel][plan]") {
  Hardware hardware;
  hardware.device.rows = {10, 1000};
  hardware.device.float32 = {1e12, 9e12};
  hardware.device.tf32 = {};
  CHECK(hardware.speed(nn::Precision::float32, 1) == 1e12);
  CHECK_THAT(hardware.speed(nn::Precision::float32, 100), WithinRel(3e12, 1e-12));  // the middle of both scales
  CHECK(hardware.speed(nn::Precision::float32, 5000) == 9e12);
  CHECK(hardware.speed(nn::Precision::tf32, 1000) == 9e12);  // not given: as float32
}

TEST_CASE("hardware: faults are found with file, line and column", "[parallel][plan][error]") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "machine.yaml";
  const auto [text, says] = GENERATE(table<std::string, std::string>(
      {{"name: a\ndevice:\n  memroy: 5\n",
        "machine.yaml:3:3: unknown key `device.memroy`; did you mean `device.memory`?"},
       {"name: a\ndevice: {rows: [1], float32: [1], memory: -1}\n", "machine.yaml:2:43: "},
       {"name: a\ndevice: {count: 2}\n", "machine.yaml:2:1: missing key `device.rows`"},
       {"name: a\ndevice:\n  rows: [1, 10]\n  float32: [1.0e+12]\n",
        "machine.yaml:4:3: `device.float32`: has 1 numbers for 2 under `rows`"},
       {"name: a\ndevice:\n  rows: [10, 1]\n  float32: [1.0e+12, 2.0e+12]\n", "must rise"},
       {"name: a\nmeasured: {layer_forward: [1, 2]}\n", "takes three numbers"},
       {"name: a\nlink: {shared: maybe}\n", "machine.yaml:2:16: "}}));
  std::ofstream(file) << text;
  CAPTURE(text);
  CHECK_THROWS_WITH(read_hardware(file), ContainsSubstring(says));
}

TEST_CASE("hardware: what is written is read back", "[parallel][plan]") {
  const TemporaryFolder folder;
  auto hardware = eight_h200();
  hardware.name = "a machine: with a colon";
  hardware.device.bandwidth = 1.25e11;
  hardware.processors = {.count = 2, .speed_up = 1.75, .together = 1.5};
  hardware.measured.layer_forward = {1e-5, 2.5e-6, 3.25e-5};
  std::ofstream(folder.path() / "h.yaml") << write_hardware(hardware, "two\nlines");
  const auto read = read_hardware(folder.path() / "h.yaml");
  CHECK(read.name == hardware.name);
  CHECK(read.device.bandwidth == hardware.device.bandwidth);
  CHECK(read.device.bf16 == hardware.device.bf16);
  CHECK(read.processors.together == 1.5);
  CHECK(read.measured.layer_forward == hardware.measured.layer_forward);
}

TEST_CASE("hardware: what is taken without a file is configs/hardware/h200.yaml", "[parallel][plan]") {
  const auto file = fs::path(__FILE__).parent_path() / "../../configs/hardware/h200.yaml";
  CHECK(write_hardware(read_hardware(file), "") == write_hardware(eight_h200(), ""));
}

TEST_CASE("hardware: every file of the tree can be read", "[parallel][plan]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(__FILE__).parent_path() / "../../configs/hardware")) {
    CAPTURE(entry.path().string());
    const auto hardware = read_hardware(entry.path());
    CHECK(hardware.speed(nn::Precision::float32, 128) <= hardware.speed(nn::Precision::float32, 100000));
    ++files;
  }
  CHECK(files >= 4);
}

}  // namespace
}  // namespace seq2seq::parallel
