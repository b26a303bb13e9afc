#include "seq2seq/parallel/distributed/process_group.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <future>
#include <thread>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/parallel/distributed/backends.h"
#include "seq2seq/parallel/distributed/rank_lost.h"
#include "seq2seq/parallel/distributed/rendezvous.h"
#include "seq2seq/parallel/distributed/watch.h"

namespace seq2seq::parallel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// c10d reports the same errors as we do, with its own stack frames.
void quiet_c10d() { FLAGS_caffe2_log_level = 3; }

}  // namespace

struct ProcessGroup::Connection {
  Rendezvous met;
  std::unique_ptr<Watch> watch;
  Backend gloo, nccl;  // the second is null if unused
  int64_t waits = 0;   // number of calls of after_leader

  Backend& of(const at::Tensor& tensor) { return tensor.is_cuda() && nccl ? nccl : gloo; }
};

class ProcessGroup::Sum {
 public:
  Pending pending;
  at::Tensor tensor, sent;  // `sent` is a copy if the backend cannot read the tensor itself
};

ProcessGroup::ProcessGroup(const Launch& launch, const DistributedOptions& options, c10::Device device)
    : launch_(launch), timeout_(std::llround(1000 * options.timeout)) {
  quiet_c10d();
  const bool use_nccl = wants_nccl(options.backend, device);
  auto met = meet(launch, timeout_);
  const int64_t server = launch.launcher_has_store ? -1 : 0;
  auto watch = std::make_unique<Watch>(met.second, launch.rank, met.names, server, timeout_);
  connection_ = std::make_unique<Connection>();
  connection_->met = std::move(met);
  connection_->watch = std::move(watch);
  // Slightly longer than our own time-out, which names the rank.
  const auto longer = timeout_ + timeout_ / 2 + milliseconds(2000);
  // On a separate thread, because connecting waits for the others, and one of them may be gone.
  std::promise<void> made;
  auto connected = made.get_future();
  std::thread([&connection = *connection_, made = std::move(made), rank = launch.rank, ranks = launch.ranks, longer,
               use_nccl]() mutable {
    try {
      connection.gloo = make_gloo(connection.met.store, rank, ranks, connection.met.address, longer);
      if (use_nccl) connection.nccl = make_nccl(connection.met.store, rank, ranks, longer);
      made.set_value();
    } catch (...) {
      made.set_exception(std::current_exception());
    }
  }).detach();
  wait([&connected](milliseconds slice) {
    if (connected.wait_for(slice) != std::future_status::ready) return false;
    connected.get();
    return true;
  });
}

ProcessGroup::~ProcessGroup() = default;

const std::string& ProcessGroup::name(int64_t rank) const { return connection_->watch->name(rank); }

void ProcessGroup::reached(int64_t update) { connection_->watch->reached(update); }

void ProcessGroup::busy(bool now) { connection_->watch->busy(now); }

void ProcessGroup::wait(const std::function<bool(milliseconds)>& done) {
  constexpr milliseconds slice{200};
  auto end = Clock::now() + timeout_;
  auto& watch = *connection_->watch;
  try {
    while (!done(slice)) {
      if (const auto fault = watch.fault()) leave(*fault);
      if (watch.another_is_busy()) end = Clock::now() + timeout_;
      if (Clock::now() >= end) leave(watch.explain_silence());
    }
  } catch (const RankLost&) {
    throw;
  } catch (const std::exception& fault) {
    leave(watch.explain_failure(line_of(fault)));
  }
}

/// The rest of a broken group may wait for the others for a long time; it ends with the process. A store that hangs
/// must not block this process either, so a separate thread informs the others and is abandoned if necessary.
void ProcessGroup::leave(const std::string& message) {
  auto& connection = *connection_.release();
  std::promise<bool> first;
  auto is_first = first.get_future();
  std::thread([&connection, message, first = std::move(first), rank = launch_.rank]() mutable {
    bool report = true;
    try {
      connection.watch->leave_with(message);
      report = connection.met.store->add("told/" + connection.met.hosts[static_cast<std::size_t>(rank)], 1) == 1;
    } catch (const std::exception&) {  // the store is gone, so every rank reports
    }
    first.set_value(report);
  }).detach();
  const auto patience = connection.watch->store_is_silent() ? milliseconds(0) : 2 * connection.watch->time_of_death();
  const bool answered = is_first.wait_for(patience) == std::future_status::ready;
  throw RankLost(message, !answered || is_first.get());
}

void ProcessGroup::run(const std::function<void()>& work) {
  try {
    work();
    leave_cleanly();
  } catch (const RankLost&) {
    throw;
  } catch (const GroupError& fault) {
    leave(fault.what());
  } catch (const c10::Error& fault) {
    leave(fmt::format("{}: internal error: {}", name(rank()), line_of(fault)));
  } catch (const std::exception& fault) {
    leave(fmt::format("{}: {}", name(rank()), fault.what()));
  }
}

/// The store ends with rank 0, so rank 0 leaves last.
void ProcessGroup::leave_cleanly() {
  barrier();
  connection_->watch->stop();
  auto& store = *connection_->met.store;
  if (launch_.rank > 0) {
    store.set(fmt::format("left/{}", launch_.rank), "");
    return;
  }
  if (launch_.launcher_has_store) return;  // it outlives rank 0
  std::vector<std::string> keys;
  for (int64_t other = 1; other < launch_.ranks; ++other) keys.push_back(fmt::format("left/{}", other));
  try {
    store.wait(keys, timeout_);
  } catch (const std::exception&) {  // all have finished; one left without a message
  }
}

void ProcessGroup::sum(std::vector<double>& values) {
  auto tensor = at::empty({std::ssize(values)}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  finish(*start_sum(tensor));
  std::copy_n(tensor.const_data_ptr<double>(), values.size(), values.begin());
}

std::shared_ptr<ProcessGroup::Sum> ProcessGroup::start_sum(const at::Tensor& tensor) {
  connection_->watch->begin_operation();
  auto sum = std::make_shared<Sum>();
  sum->tensor = tensor;
  auto& backend = connection_->of(tensor);
  sum->sent = tensor.is_cuda() && &backend == &connection_->gloo ? tensor.cpu() : tensor;
  sum->pending = backend.sum(sum->sent);
  return sum;
}

void ProcessGroup::finish(Sum& sum) {
  wait([&sum](milliseconds slice) { return sum.pending.wait(slice); });
  if (!sum.sent.is_same(sum.tensor)) sum.tensor.copy_(sum.sent);
}

std::vector<at::Tensor> ProcessGroup::gather(const at::Tensor& numbers, const std::vector<int64_t>& sizes) {
  connection_->watch->begin_operation();
  auto& backend = connection_->of(numbers);
  const bool copied = numbers.is_cuda() && &backend == &connection_->gloo;
  const auto device = copied ? c10::Device(c10::kCPU) : numbers.device();
  // c10d gathers tensors of equal size only.
  const int64_t most = *std::max_element(sizes.begin(), sizes.end());
  if (most == 0) {
    std::vector<at::Tensor> nothing(sizes.size(), numbers);
    return nothing;
  }
  auto mine = at::empty({most}, numbers.options().device(device));
  mine.narrow(0, 0, numbers.size(0)).copy_(numbers);
  std::vector<at::Tensor> all;
  for (std::size_t rank = 0; rank < sizes.size(); ++rank) all.push_back(at::empty_like(mine));
  auto pending = backend.gather(mine, all);
  wait([&pending](milliseconds slice) { return pending.wait(slice); });
  for (std::size_t rank = 0; rank < sizes.size(); ++rank)
    all[rank] = all[rank].narrow(0, 0, sizes[rank]).to(numbers.device());
  return all;
}

std::vector<std::string> ProcessGroup::gather(const std::string& bytes) {
  auto count = at::empty({1}, at::kLong);
  *count.mutable_data_ptr<int64_t>() = std::ssize(bytes);
  const auto ones = std::vector<int64_t>(static_cast<std::size_t>(ranks()), 1);
  std::vector<int64_t> sizes;
  for (const auto& size : gather(count, ones)) sizes.push_back(size.item<int64_t>());
  auto mine = at::empty({std::ssize(bytes)}, at::kByte);
  if (!bytes.empty()) std::memcpy(mine.mutable_data_ptr<uint8_t>(), bytes.data(), bytes.size());
  std::vector<std::string> all;
  for (const auto& of_rank : gather(mine, sizes))
    all.emplace_back(reinterpret_cast<const char*>(of_rank.const_data_ptr<uint8_t>()),
                     static_cast<std::size_t>(of_rank.size(0)));
  return all;
}

std::string ProcessGroup::broadcast(const std::string& bytes) { return gather(rank() == 0 ? bytes : "").front(); }

void ProcessGroup::barrier() {
  std::vector<double> nothing{0};
  sum(nothing);
}

void ProcessGroup::after_leader(const std::function<void()>& work) {
  const auto key = fmt::format("done/{}", ++connection_->waits);
  auto& store = *connection_->met.store;
  if (rank() == 0) {
    work();
    store.set(key, "");
    return;
  }
  constexpr milliseconds pause{20};
  try {
    while (!store.check({key})) {
      if (const auto fault = connection_->watch->fault()) leave(*fault);
      std::this_thread::sleep_for(pause);
    }
  } catch (const RankLost&) {
    throw;
  } catch (const std::exception& fault) {
    leave(connection_->watch->explain_failure(line_of(fault)));
  }
}

}  // namespace seq2seq::parallel
