#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/parallel/distributed/launch.h"
#include "seq2seq/parallel/distributed/options.h"
#include "seq2seq/train/team.h"

namespace seq2seq::parallel {

/// The connected processes of a launch: by c10d's Gloo for tensors on the CPU and, if built in and wanted, NCCL for
/// tensors on GPUs. Every rank must make the same calls in the same order. A call that another rank does not answer
/// throws RankLost with a message that names the rank.
class ProcessGroup final : public train::Team {
 public:
  /// Waits until all ranks have connected; see meet(). `device`: the device of this rank's gradients.
  ProcessGroup(const Launch& launch, const DistributedOptions& options, c10::Device device);
  ~ProcessGroup() override;

  int64_t rank() const override { return launch_.rank; }
  int64_t ranks() const override { return launch_.ranks; }
  /// Returns `rank 1 of 4 (host, process 1234)`.
  const std::string& name(int64_t rank) const;

  void sum(std::vector<double>& values) override;
  std::vector<std::string> gather(const std::string& bytes) override;
  void reached(int64_t update) override;
  void busy(bool now) override;
  /// Returns the value passed by rank 0.
  std::string broadcast(const std::string& bytes);
  void barrier();
  /// Runs `work` on rank 0, for any length of time, while the others wait.
  void after_leader(const std::function<void()>& work);

  /// A pending sum.
  class Sum;
  /// Starts to replace a dense tensor by its sum over all ranks; all get the same bits. The tensor must not be used
  /// until finish().
  std::shared_ptr<Sum> start_sum(const at::Tensor& tensor);
  void finish(Sum& sum);
  /// Returns each rank's tensor, in order of ranks; all have the same type and device, and rank r has sizes[r] numbers.
  std::vector<at::Tensor> gather(const at::Tensor& numbers, const std::vector<int64_t>& sizes);

  /// Runs this rank's `work` in the group, then leaves the group together with the others. Reports an exception of
  /// `work` to them and rethrows it as RankLost.
  void run(const std::function<void()>& work);

 private:
  struct Connection;
  void wait(const std::function<bool(std::chrono::milliseconds)>& done);
  [[noreturn]] void leave(const std::string& message);
  void leave_cleanly();

  Launch launch_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<Connection> connection_;  // null after it broke
};

}  // namespace seq2seq::parallel
