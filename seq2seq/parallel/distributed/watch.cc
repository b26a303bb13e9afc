#include "seq2seq/parallel/distributed/watch.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "seq2seq/core/progress.h"

namespace seq2seq::parallel {
namespace {

using std::chrono::milliseconds;

std::string life_key(int64_t rank) { return fmt::format("alive/{}", rank); }

/// Periods without a new heartbeat after which a rank counts as dead once a connection has broken.
constexpr int kPeriodsOfTheDead = 4;

}  // namespace

Watch::Watch(c10::intrusive_ptr<c10d::Store> store, int64_t rank, std::vector<std::string> names, int64_t server,
             milliseconds timeout)
    : store_(std::move(store)),
      rank_(rank),
      names_(std::move(names)),
      server_(server),
      timeout_(timeout),
      period_(std::clamp(timeout / 10, milliseconds(50), milliseconds(1000))),
      seen_(names_.size()),
      looked_(Clock::now()) {
  for (auto& seen : seen_) seen.since = looked_;
  thread_ = std::thread([this] { run(); });
}

std::chrono::milliseconds Watch::time_of_death() const { return kPeriodsOfTheDead * period_; }

void Watch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// The last value written is the latest state, from any thread.
void Watch::write() {
  const std::lock_guard writing(write_mutex_);
  std::unique_lock lock(mutex_);
  ++beat_;
  const auto mine = own();
  lock.unlock();
  store_->set(life_key(rank_), mine);
}

std::string Watch::own() const {
  return fmt::format("{} {} {} {:d} {}", beat_, operations_.load(), update_.load(), busy_.load(), own_fault_);
}

void Watch::run() {
  std::vector<std::string> keys;
  for (std::size_t rank = 0; rank < names_.size(); ++rank) keys.push_back(life_key(static_cast<int64_t>(rank)));
  std::unique_lock lock(mutex_);
  bool first = true;
  while (!stop_) {
    lock.unlock();
    try {
      write();
      if (std::exchange(first, false)) store_->wait(keys, timeout_);
      look(keys);
    } catch (const std::exception&) {
      // The store ended with the process that held it.
      set_fault(server_ < 0 ? "the launcher's store stopped answering" : stopped(server_));
      lock.lock();
      while (!stop_) {
        leave_if_stuck();
        changed_.wait_for(lock, period_, [this] { return stop_; });
      }
      return;
    }
    lock.lock();
    leave_if_stuck();
    changed_.wait_for(lock, period_, [this] { return stop_; });
  }
}

void Watch::look(const std::vector<std::string>& keys) {
  const auto values = store_->multiGet(keys);
  const auto now = Clock::now();
  std::unique_lock lock(mutex_);
  looked_ = now;
  std::string found;
  for (std::size_t rank = 0; rank < values.size(); ++rank) {
    auto& seen = seen_[rank];
    std::istringstream text(std::string(values[rank].begin(), values[rank].end()));
    int64_t beat = 0;
    text >> beat >> seen.operations >> seen.update >> seen.busy;
    text.ignore();
    std::getline(text, seen.fault, '\0');
    if (std::exchange(seen.beat, beat) != beat) seen.since = now;
    if (static_cast<int64_t>(rank) == rank_) continue;
    if (!seen.fault.empty() && found.empty()) found = seen.fault;
    if (now - seen.since > timeout_ && found.empty()) {
      lock.unlock();
      found = stopped(static_cast<int64_t>(rank));
      lock.lock();
    }
  }
  lock.unlock();
  changed_.notify_all();
  if (!found.empty()) set_fault(found);
}

/// A rank that waits inside a device's library cannot leave regularly.
void Watch::leave_if_stuck() {
  if (!fault_ || Clock::now() - fault_known_ < timeout_ + time_of_death()) return;
  std::fputs(("error: " + *fault_ + "\n").c_str(), stderr);
  std::_Exit(1);
}

void Watch::set_fault(const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    if (!fault_) fault_known_ = Clock::now();
    if (!fault_) fault_ = message;
  }
  changed_.notify_all();
}

std::optional<std::string> Watch::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

bool Watch::another_is_busy() const {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  return std::ranges::any_of(seen_, [&](const Seen& seen) {
    return &seen - seen_.data() != rank_ && seen.busy && now - seen.since < time_of_death();
  });
}

bool Watch::store_is_silent() const {
  const std::lock_guard lock(mutex_);
  return server_ >= 0 && Clock::now() - looked_ > time_of_death();
}

std::string Watch::stopped(int64_t rank) const {
  const std::lock_guard lock(mutex_);
  return fmt::format("{} stopped answering after update {}", name(rank),
                     format_count(seen_[static_cast<std::size_t>(rank)].update));
}

void Watch::leave_with(const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    own_fault_ = message;
  }
  try {
    write();
    // The others must read it before the store ends with this process.
    const auto until = Clock::now() + time_of_death();
    std::unique_lock lock(mutex_);
    if (server_ == rank_)
      changed_.wait_until(lock, until, [this] {
        return std::ranges::all_of(seen_, [](const Seen& seen) { return !seen.fault.empty(); });
      });
  } catch (const std::exception&) {  // the store is gone: nobody can read it
  }
}

std::string Watch::explain_failure(const std::string& reason) {
  const auto failed = Clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (fault_) return *fault_;
    const auto now = Clock::now();
    // The rank that has been silent since the failure is the lost one.
    for (std::size_t rank = 0; rank < seen_.size(); ++rank) {
      if (static_cast<int64_t>(rank) == rank_ || looked_ < failed) continue;
      if (now - seen_[rank].since < time_of_death()) continue;
      lock.unlock();
      return stopped(static_cast<int64_t>(rank));
    }
    if (now - failed > timeout_) break;
    changed_.wait_for(lock, period_ / 2);
  }
  return fmt::format("the connection between the ranks failed after update {}: {}", format_count(update_.load()),
                     reason);
}

std::string Watch::explain_silence() const {
  const bool silent = store_is_silent();
  std::unique_lock lock(mutex_);
  if (fault_) return *fault_;
  int64_t last = silent ? server_ : rank_;
  int64_t operations = operations_;
  for (std::size_t rank = 0; rank < seen_.size() && !silent; ++rank) {
    if (static_cast<int64_t>(rank) == rank_ || seen_[rank].operations >= operations) continue;
    operations = seen_[rank].operations;
    last = static_cast<int64_t>(rank);
  }
  lock.unlock();
  if (last != rank_) return stopped(last);
  return fmt::format("no rank has made progress since update {} for {}: the network between them does not respond",
                     format_count(update_.load()), format_duration(std::chrono::duration<double>(timeout_).count()));
}

}  // namespace seq2seq::parallel
