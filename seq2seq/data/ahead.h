#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace seq2seq::data {

/// Calls a function repeatedly on its own thread and keeps up to `most` results ahead of the consumer. Results keep
/// their order, so they do not depend on thread timing.
template <class Result>
class Ahead {
 public:
  Ahead(std::function<Result()> make, std::size_t most) : make_(std::move(make)), most_(most) {
    thread_ = std::thread([this] { run(); });
  }
  /// Waits for the current call; discards unused results.
  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  /// Waits for and returns the next result. If the function threw, rethrows its exception, now and in every later call.
  Result next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !made_.empty() || fault_; });
    if (made_.empty()) std::rethrow_exception(fault_);
    Result result = std::move(made_.front());
    made_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return result;
  }

 private:
  void run() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stop_ || made_.size() < most_; });
        if (stop_) return;
      }
      try {
        Result result = make_();
        const std::lock_guard lock(mutex_);
        made_.push_back(std::move(result));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        fault_ = std::current_exception();
        stop_ = true;
      }
      changed_.notify_all();
    }
  }

  std::function<Result()> make_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result> made_;
  std::exception_ptr fault_;
  bool stop_ = false;
  std::thread thread_;  // last, because it uses all the others
};

}  // namespace seq2seq::data
