#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace seq2seq::parallel {

/// Ends the process if the pending work has not changed for too long, because a device or thread that hangs cannot be
/// stopped from outside.
class StallWatch {
 public:
  /// Returns the names of the pending work; no value if everything is done.
  using Look = std::function<std::optional<std::string>()>;
  /// After `patience` seconds without a change, calls `stalled` with a message and ends the process with status 1.
  StallWatch(double patience, std::function<void(const std::string& message)> stalled);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  /// Watches this work from now on, until nothing is pending. Replaces the function that was watched before, which is
  /// not called again; empty: watch nothing.
  void look_at(Look look);

 private:
  void run();

  double patience_;
  std::function<void(const std::string& message)> stalled_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Look look_;
  bool fresh_ = false;  // a new function, not called yet
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace seq2seq::parallel
