#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace seq2seq::parallel {

/// Tracks the other ranks. A thread of each rank writes a heartbeat into the store (beat, update, operations, and the
/// error before it leaves) and reads those of the others.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `names` of the ranks, for messages. `store` is this thread's own connection. `server`: the rank that holds the
  /// store, or -1 for the launcher. A rank without a new heartbeat for `timeout` is lost.
  Watch(c10::intrusive_ptr<c10d::Store> store, int64_t rank, std::vector<std::string> names, int64_t server,
        std::chrono::milliseconds timeout);
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Stops the heartbeats.
  void stop();
  void reached(int64_t update) { update_ = update; }
  /// Sets whether this rank does work of its own that may take longer than the timeout.
  void busy(bool now) { busy_ = now; }
  bool another_is_busy() const;
  /// Returns true if the rank that holds the store has been silent for so long that it counts as dead.
  bool store_is_silent() const;
  /// Counts an operation of the group that this rank starts.
  void begin_operation() { ++operations_; }

  /// Returns the reason why the run must end, once it is known: a message that names the rank.
  std::optional<std::string> fault() const;
  /// Time of silence after which a rank counts as dead once a connection has broken.
  std::chrono::milliseconds time_of_death() const;
  /// Publishes the reason why this rank leaves. If this rank holds the store, waits briefly until the others have read
  /// it. Hangs if the store hangs.
  void leave_with(const std::string& message);

  /// Call it after an operation failed with `reason`. Waits until the rank at fault is known, for at most the timeout,
  /// and returns the message.
  std::string explain_failure(const std::string& reason);
  /// Call it after an operation had no answer for the whole timeout. Returns a message that names the rank that did not
  /// start the operation.
  std::string explain_silence() const;

  const std::string& name(int64_t rank) const { return names_[static_cast<std::size_t>(rank)]; }

 private:
  struct Seen {
    int64_t beat = -1, operations = 0, update = 0;
    bool busy = false;
    std::string fault;
    Clock::time_point since;  // of the beat, by this rank's clock
  };
  void run();
  void write();
  void look(const std::vector<std::string>& keys);
  void leave_if_stuck();  // call it with the lock
  void set_fault(const std::string& message);
  std::string stopped(int64_t rank) const;
  std::string own() const;

  c10::intrusive_ptr<c10d::Store> store_;
  int64_t rank_;
  std::vector<std::string> names_;
  int64_t server_;
  std::chrono::milliseconds timeout_, period_;
  std::atomic<int64_t> update_{0}, operations_{0};
  std::atomic<bool> busy_{false};
  int64_t beat_ = 0;
  std::mutex write_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;
  Clock::time_point looked_;  // last time the store answered
  std::string own_fault_;
  std::optional<std::string> fault_;
  Clock::time_point fault_known_;
  bool stop_ = false;
  std::thread thread_;  // last, because it uses all the others
};

}  // namespace seq2seq::parallel
