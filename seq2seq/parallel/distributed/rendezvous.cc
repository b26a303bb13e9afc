#include "seq2seq/parallel/distributed/rendezvous.h"

#include <cstddef>
#include <exception>
#include <sstream>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/distributed/address.h"
#include "seq2seq/parallel/distributed/rank_lost.h"

namespace seq2seq::parallel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string arrival_key(int64_t rank) { return fmt::format("here/{}", rank); }

c10::intrusive_ptr<c10d::Store> open_store(const Launch& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.port;
  options.isServer = launch.rank == 0 && !launch.launcher_has_store;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::TCPStore>(launch.host, options);
  } catch (const std::exception& fault) {
    throw Error(fmt::format("the ranks' store at {}:{} cannot be opened: {}", launch.host, launch.port, line_of(fault)),
                "Set MASTER_PORT to a free port of this machine");
  }
}

/// Key for the message of a rank that gave up, for ranks that still wait.
constexpr const char* kFailed = "failed";
constexpr const char* kHeard = "heard";

/// Informs the ranks that have connected, waits until they have read the message (the store may end with this process),
/// and throws.
[[noreturn]] void give_up(c10d::Store& store, int64_t come, const Error& error) {
  constexpr std::chrono::seconds longest{2};
  store.set(kFailed, std::string(error.what()));
  store.add("told/" + name_of_machine(), 1);
  const auto end = Clock::now() + longest;
  while (store.add(kHeard, 0) < come - 1 && Clock::now() < end) std::this_thread::sleep_for(milliseconds(20));
  throw error;
}

void check_failed(c10d::Store& store) {
  if (!store.check({kFailed})) return;
  const auto message = store.get_to_str(kFailed);
  const bool report = store.add("told/" + name_of_machine(), 1) == 1;
  store.add(kHeard, 1);
  throw RankLost(message, report);
}

/// Waits for the keys of the first `ranks` ranks. Checks repeatedly, so that missing ranks can be named.
void wait_for_ranks(c10d::Store& store, int64_t ranks, const Launch& launch, milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  std::vector<std::string> missing;
  for (;;) {
    missing.clear();
    for (int64_t rank = 0; rank < ranks; ++rank)
      if (!store.check({arrival_key(rank)})) missing.push_back(std::to_string(rank));
    if (missing.empty()) return;
    check_failed(store);
    if (interrupted()) throw Interrupted("interrupted while waiting for the other ranks");
    if (Clock::now() >= end) break;
    std::this_thread::sleep_for(milliseconds(20));
  }
  const auto problem = fmt::format("rank{} {} of {} did not connect to {}:{} within {}", missing.size() == 1 ? "" : "s",
                                   fmt::join(missing, ", "), launch.ranks, launch.host, launch.port,
                                   format_duration(std::chrono::duration<double>(timeout).count()));
  give_up(
      store, launch.ranks - std::ssize(missing),
      Error(problem,
            "Start as many processes as the world size says (torchrun: --nnodes times --nproc-per-node), all within "
            "this time, or raise `distributed.timeout`"));
}

Rendezvous meet_at_store(const Launch& launch, milliseconds timeout) {
  Rendezvous result;
  const bool serves = launch.rank == 0 && !launch.launcher_has_store;
  if (!serves) result.address = wait_for_port(launch.host, launch.port, timeout);
  const auto store = open_store(launch, timeout);
  if (serves) result.address = wait_for_port(launch.host, launch.port, timeout);
  // A launcher's store survives a restart of the ranks. The launch's id is not used, because each machine's torchrun
  // has its own.
  const auto prefix = fmt::format("seq2seq {}", launch.restarts);
  result.store = c10::make_intrusive<c10d::PrefixStore>(prefix, store);
  result.second = c10::make_intrusive<c10d::PrefixStore>(prefix, store->clone());
  result.second->setTimeout(timeout);

  const auto host = name_of_machine();
  if (result.store->add(fmt::format("taken/{}", launch.rank), 1) > 1) {
    throw Error(fmt::format("two processes say that they are rank {} of {}", launch.rank, launch.ranks),
                "Give each its own RANK, or each training its own MASTER_PORT");
  }
  result.store->set(arrival_key(launch.rank),
                    fmt::format("{} {} {} {}", launch.ranks, ::getpid(), result.address, host));
  // Waits for rank 0 first, because its number of ranks counts.
  wait_for_ranks(*result.store, 1, launch, timeout);
  int64_t ranks = 0;
  std::istringstream(result.store->get_to_str(arrival_key(0))) >> ranks;
  if (ranks != launch.ranks) {
    throw Error(fmt::format("rank {} was started as one of {} processes, but rank 0 as one of {}", launch.rank,
                            launch.ranks, ranks),
                "Start all processes with the same world size");
  }
  wait_for_ranks(*result.store, launch.ranks, launch, timeout);
  std::vector<std::string> addresses;
  for (int64_t rank = 0; rank < launch.ranks; ++rank) {
    std::istringstream text(result.store->get_to_str(arrival_key(rank)));
    std::string process;
    text >> ranks >> process >> addresses.emplace_back() >> result.hosts.emplace_back();
    result.names.push_back(
        fmt::format("rank {} of {} ({}, process {})", rank, launch.ranks, result.hosts.back(), process));
  }
  for (std::size_t rank = 0; rank < addresses.size(); ++rank) {
    if (result.hosts[rank] == host || !addresses[rank].starts_with("127.")) continue;
    throw Error(fmt::format("{} has an address that other machines can reach, but resolves its own name to {}",
                            result.names[rank], addresses[rank]),
                "Set MASTER_ADDR to a network address, not to a name that resolves to the loopback address");
  }
  return result;
}

}  // namespace

Rendezvous meet(const Launch& launch, milliseconds timeout) {
  try {
    return meet_at_store(launch, timeout);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& fault) {
    throw Error(fmt::format("the ranks' store at {}:{} stopped answering while the ranks connected ({})", launch.host,
                            launch.port, line_of(fault)),
                "Start all ranks again");
  }
}

}  // namespace seq2seq::parallel
