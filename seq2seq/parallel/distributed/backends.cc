#include "seq2seq/parallel/distributed/backends.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include <ATen/Context.h>

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef SEQ2SEQ_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "seq2seq/core/error.h"

namespace seq2seq::parallel {

Pending::Pending() = default;
Pending::Pending(c10::intrusive_ptr<c10d::Work> work) : work_(std::move(work)) {}
Pending::~Pending() = default;
Pending::Pending(Pending&&) noexcept = default;
Pending& Pending::operator=(Pending&&) noexcept = default;

bool Pending::wait(std::chrono::milliseconds most) {
  // Does not use c10d's own time-out, which breaks the operation and, with NCCL, the group.
  const auto end = std::chrono::steady_clock::now() + most;
  while (!work_->isCompleted()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  work_->wait();  // returns at once, or throws the operation's error
  return true;
}

Backend::Backend() = default;
Backend::Backend(c10::intrusive_ptr<c10d::Backend> backend) : backend_(std::move(backend)) {}
Backend::~Backend() = default;
Backend::Backend(Backend&&) noexcept = default;
Backend& Backend::operator=(Backend&&) noexcept = default;

Pending Backend::sum(const at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  return Pending(backend_->allreduce(tensors));
}

Pending Backend::gather(const at::Tensor& mine, const std::vector<at::Tensor>& all) {
  std::vector<std::vector<at::Tensor>> outputs{all};
  std::vector<at::Tensor> inputs{mine};
  return Pending(backend_->allgather(outputs, inputs));
}

bool wants_nccl(const std::string& backend, c10::Device device) {
#ifdef SEQ2SEQ_NCCL
  constexpr bool built_in = true;
#else
  constexpr bool built_in = false;
#endif
  if (backend == "gloo") return false;
  if (backend == "auto") return built_in && device.is_cuda();
  if (!built_in) {
    throw UsageError(Place{.part = "distributed.backend"}, "`nccl` is not part of this build",
                     "Use `gloo`, or build with the preset `cuda` and `nccl.h` installed");
  }
  if (!device.is_cuda())
    throw UsageError(Place{.part = "distributed.backend"}, "`nccl` works only on GPUs, but this rank trains on the CPU",
                     "Use `gloo`, or select a GPU with `--device`");
  return true;
}

Backend make_gloo(const c10::intrusive_ptr<c10d::Store>& store, int64_t rank, int64_t ranks, const std::string& address,
                  std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  options->devices.push_back(interface != nullptr ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                                  : c10d::ProcessGroupGloo::createDeviceForHostname(address));
  return Backend(c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(rank), static_cast<int>(ranks),
                                                             std::move(options)));
}

#ifdef SEQ2SEQ_NCCL
Backend make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int64_t rank, int64_t ranks,
                  std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return Backend(c10::make_intrusive<c10d::ProcessGroupNCCL>(store, static_cast<int>(rank), static_cast<int>(ranks),
                                                             std::move(options)));
}
#else
Backend make_nccl(const c10::intrusive_ptr<c10d::Store>&, int64_t, int64_t, std::chrono::milliseconds) { return {}; }
#endif

}  // namespace seq2seq::parallel
