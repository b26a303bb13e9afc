#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>

namespace c10d {
class Backend;
class Store;
class Work;
}  // namespace c10d

namespace seq2seq::parallel {

/// A pending operation.
class Pending {
 public:
  Pending();
  explicit Pending(c10::intrusive_ptr<c10d::Work> work);
  ~Pending();
  Pending(Pending&&) noexcept;
  Pending& operator=(Pending&&) noexcept;
  /// Waits for its end, for at most this time. Returns true if it has ended. Rethrows its error.
  bool wait(std::chrono::milliseconds most);

 private:
  c10::intrusive_ptr<c10d::Work> work_;
};

/// Holds a c10d backend; may be empty.
class Backend {
 public:
  Backend();
  explicit Backend(c10::intrusive_ptr<c10d::Backend> backend);
  ~Backend();
  Backend(Backend&&) noexcept;
  Backend& operator=(Backend&&) noexcept;
  explicit operator bool() const { return static_cast<bool>(backend_); }
  Pending sum(const at::Tensor& tensor);
  Pending gather(const at::Tensor& mine, const std::vector<at::Tensor>& all);

 private:
  c10::intrusive_ptr<c10d::Backend> backend_;
};

/// Returns true if tensors on this device go through NCCL. Throws UsageError if NCCL is required but cannot be used.
bool wants_nccl(const std::string& backend, c10::Device device);

/// `address`: address of this machine for the other ranks; GLOO_SOCKET_IFNAME names an interface instead.
Backend make_gloo(const c10::intrusive_ptr<c10d::Store>& store, int64_t rank, int64_t ranks, const std::string& address,
                  std::chrono::milliseconds timeout);
Backend make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int64_t rank, int64_t ranks,
                  std::chrono::milliseconds timeout);

}  // namespace seq2seq::parallel
