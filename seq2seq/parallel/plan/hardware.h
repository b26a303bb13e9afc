#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::parallel {

std::string name_of(nn::Precision precision);

/// One of several equal devices, or the processors of a machine. The speed of a product depends on its rows: between
/// the entries of `rows` it is interpolated on logarithmic scales, and beyond them it is constant.
struct DeviceOptions {
  std::string name = "device";
  int64_t count = 1;
  double memory = 8e9;      // bytes
  double bandwidth = 1e10;  // bytes/s
  std::vector<double> rows;
  std::vector<double> float32, tf32, bf16;  // floating-point operations/s at each of `rows`; empty: as float32
  double kernel = 2e-6;                     // minimum time of a kernel, s
};
void declare(config::Keys& keys, DeviceOptions& options);

/// The processors shared by all places, if the device is a CPU.
struct ProcessorOptions {
  int64_t count = 0;    // 0: the devices are accelerators
  double speed_up = 1;  // of one job on all of them, relative to one processor
  double together = 0;  // speed of `count` jobs at a time, one per processor, relative to one job; 0: `count`
};
void declare(config::Keys& keys, ProcessorOptions& options);

/// Link between two devices of a machine.
struct LinkOptions {
  double bandwidth = 450e9;  // bytes/s in one direction
  double latency = 10e-6;    // s
  bool shared = false;       // true if all transfers share it, as through one host bridge
};
void declare(config::Keys& keys, LinkOptions& options);

/// Cost of starting work.
struct LaunchOptions {
  double seconds = 4e-6;    // s per kernel of the single thread that issues work
  double job = 8;           // kernels of any job
  double step_forward = 9;  // additional kernels per step of a recurrent layer
  double step_backward = 30;
};
void declare(config::Keys& keys, LaunchOptions& options);

/// Link between machines.
struct NetworkOptions {
  double bandwidth = 50e9;  // bytes/s per machine in one direction
  double latency = 20e-6;   // s per step of a ring
};
void declare(config::Keys& keys, NetworkOptions& options);

/// Measured costs of a kind of job: seconds per job, per step and per million products for layers and output layers;
/// seconds per job, per step and per million numbers for embeddings and the loss. Empty: computed from the device.
struct MeasuredOptions {
  std::vector<double> layer_forward, layer_backward, layer_weights;
  std::vector<double> output_forward, output_backward, output_weights;
  std::vector<double> embeddings_forward, embeddings_backward, embeddings_weights;
  std::vector<double> loss_forward;
  bool any() const { return !layer_forward.empty(); }
};
void declare(config::Keys& keys, MeasuredOptions& options);

/// A machine, or several of the same kind, as the planner sees them.
struct Hardware {
  std::string name;
  DeviceOptions device;
  ProcessorOptions processors;
  LinkOptions link;
  LaunchOptions launch;
  NetworkOptions network;
  MeasuredOptions measured;

  bool shares_processors() const { return processors.count > 0; }
  /// Returns the floating-point operations/s of a product with this many rows.
  double speed(nn::Precision precision, double rows) const;
};
void declare(config::Keys& keys, Hardware& hardware);

/// Returns a machine with eight H200, as in configs/hardware/h200.yaml: the default of the planner.
Hardware eight_h200();

/// Throws UsageError with every error of the file: file, line, column, key.
Hardware read_hardware(const std::filesystem::path& file);

/// Returns the description as the text of such a file.
std::string write_hardware(const Hardware& hardware, const std::string& comment);

}  // namespace seq2seq::parallel
