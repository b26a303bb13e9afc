#include "seq2seq/parallel/plan/hardware.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"

namespace seq2seq::parallel {
namespace {

void add_costs(config::Keys& keys, const char* name, std::vector<double>& costs, const char* meaning) {
  keys.add(name, costs, meaning).at_least(0);
  keys.rule(name, [&costs]() -> std::string {
    return costs.empty() || costs.size() == 3 ? "" : "takes three numbers: for a job, a step and a million products";
  });
}

}  // namespace

std::string name_of(nn::Precision precision) {
  return precision == nn::Precision::float32 ? "float32" : precision == nn::Precision::tf32 ? "tf32" : "bf16";
}

void declare(config::Keys& keys, DeviceOptions& options) {
  keys.add("name", options.name, "name of the device");
  keys.add("count", options.count, "devices per machine").at_least(1).at_most(1024);
  keys.add("memory", options.memory, "memory of a device").unit("bytes").above(0);
  keys.add("bandwidth", options.bandwidth, "bandwidth of this memory").unit("bytes/s").above(0);
  keys.add("rows", options.rows, "ascending numbers of rows, for which the speeds of products are given")
      .above(0)
      .required();
  const auto speed = [&](const char* name, std::vector<double>& values) {
    auto& key = keys.add(name, values, "speed of a product for each number of `rows`").unit("operations/s").above(0);
    if (std::string(name) == "float32") key.required();
    keys.rule(name, [&values, &options, name]() -> std::string {
      const bool may_be_empty = std::string(name) != "float32";
      if (values.size() == options.rows.size() || (may_be_empty && values.empty())) return "";
      return fmt::format("has {} numbers for {} under `rows`", values.size(), options.rows.size());
    });
  };
  speed("float32", options.float32);
  speed("tf32", options.tf32);
  speed("bf16", options.bf16);
  keys.add("kernel", options.kernel, "minimum time of a kernel").unit("s").at_least(0);
  keys.rule("rows", [&options]() -> std::string {
    if (options.rows.empty()) return "needs at least one number";
    return std::ranges::adjacent_find(options.rows, std::greater_equal<>()) == options.rows.end() ? "" : "must rise";
  });
}

void declare(config::Keys& keys, ProcessorOptions& options) {
  keys.add("count", options.count, "processors that all places share; 0: the devices are accelerators").at_least(0);
  keys.add("speed_up", options.speed_up, "speed of one job on all processors, relative to one processor").at_least(1);
  keys.add("together", options.together,
           "combined speed of one job per processor, relative to a single job; 0: the number of processors")
      .at_least(0);
}

void declare(config::Keys& keys, LinkOptions& options) {
  keys.add("bandwidth", options.bandwidth, "bandwidth from one device to another, in one direction")
      .unit("bytes/s")
      .above(0);
  keys.add("latency", options.latency, "latency of a transfer").unit("s").at_least(0);
  keys.add("shared", options.shared, "all transfers share the bandwidth");
}

void declare(config::Keys& keys, LaunchOptions& options) {
  keys.add("seconds", options.seconds, "time to issue a kernel").unit("s").at_least(0);
  keys.add("job", options.job, "kernels per job").at_least(0);
  keys.add("step_forward", options.step_forward, "further kernels per forward step of a recurrent layer").at_least(0);
  keys.add("step_backward", options.step_backward, "further kernels per backward step of a recurrent layer")
      .at_least(0);
}

void declare(config::Keys& keys, NetworkOptions& options) {
  keys.add("bandwidth", options.bandwidth, "bandwidth of a machine, in one direction").unit("bytes/s").above(0);
  keys.add("latency", options.latency, "latency of a step from one machine to the next").unit("s").at_least(0);
}

void declare(config::Keys& keys, MeasuredOptions& options) {
  add_costs(keys, "layer_forward", options.layer_forward, "seconds per job, per step and per million products");
  add_costs(keys, "layer_backward", options.layer_backward, "the same, backward");
  add_costs(keys, "layer_weights", options.layer_weights, "the same, derivatives of parameters");
  add_costs(keys, "output_forward", options.output_forward, "the output layer, forward");
  add_costs(keys, "output_backward", options.output_backward, "the output layer, backward");
  add_costs(keys, "output_weights", options.output_weights, "the output layer, derivatives of parameters");
  add_costs(keys, "embeddings_forward", options.embeddings_forward,
            "seconds per job, per step and per million numbers");
  add_costs(keys, "embeddings_backward", options.embeddings_backward, "the same, backward");
  add_costs(keys, "embeddings_weights", options.embeddings_weights, "the same, derivatives of parameters");
  add_costs(keys, "loss_forward", options.loss_forward, "the loss, which joins the shares of the output layer");
}

void declare(config::Keys& keys, Hardware& hardware) {
  keys.add("name", hardware.name, "name of the machine").required();
  keys.section("device", hardware.device, "devices of the machine");
  keys.section("processors", hardware.processors, "processors, if the devices are CPUs");
  keys.section("link", hardware.link, "link between two devices of a machine");
  keys.section("launch", hardware.launch, "cost of starting work");
  keys.section("network", hardware.network, "network between machines");
  keys.section("measured", hardware.measured, "costs that `seq2seq plan --measure-costs` measured");
}

double Hardware::speed(nn::Precision precision, double rows) const {
  const auto* speeds = &device.float32;
  if (precision == nn::Precision::tf32 && !device.tf32.empty()) speeds = &device.tf32;
  if (precision == nn::Precision::bf16 && !device.bf16.empty()) speeds = &device.bf16;
  const auto next = std::ranges::lower_bound(device.rows, rows);
  if (next == device.rows.begin()) return speeds->front();
  if (next == device.rows.end()) return speeds->back();
  const auto at = static_cast<size_t>(next - device.rows.begin());
  const double share = std::log(rows / device.rows[at - 1]) / std::log(device.rows[at] / device.rows[at - 1]);
  return (*speeds)[at - 1] * std::pow((*speeds)[at] / (*speeds)[at - 1], share);
}

Hardware eight_h200() {
  Hardware hardware{
      .name = "eight H200", .device = {}, .processors = {}, .link = {}, .launch = {}, .network = {}, .measured = {}};
  hardware.device = {.name = "H200",
                     .count = 8,
                     .memory = 141e9,
                     .bandwidth = 4.3e12,
                     .rows = {1, 128, 3200, 8192},
                     .float32 = {3e11, 2e13, 4.9e13, 5.1e13},
                     .tf32 = {5e11, 4e13, 2.8e14, 3.66e14},
                     .bf16 = {1e12, 6e13, 6.02e14, 7.9e14},
                     .kernel = 2e-6};
  return hardware;
}

Hardware read_hardware(const std::filesystem::path& file) {
  Hardware hardware;
  config::Keys keys;
  declare(keys, hardware);
  config::read_file(file, {}, keys);
  return hardware;
}

std::string write_hardware(const Hardware& hardware, const std::string& comment) {
  auto copy = hardware;
  config::Keys keys;
  declare(keys, copy);
  std::string text;
  std::istringstream lines(comment);
  for (std::string line; std::getline(lines, line);) text += "# " + line + "\n";
  return text + config::write_yaml(keys);
}

}  // namespace seq2seq::parallel
