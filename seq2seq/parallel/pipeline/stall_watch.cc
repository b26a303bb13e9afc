#include "seq2seq/parallel/pipeline/stall_watch.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace seq2seq::parallel {

StallWatch::StallWatch(double patience, std::function<void(const std::string& message)> stalled)
    : patience_(patience), stalled_(std::move(stalled)), thread_([this] { run(); }) {}

StallWatch::~StallWatch() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StallWatch::look_at(Look look) {
  const std::lock_guard lock(mutex_);
  look_ = std::move(look);
  fresh_ = true;
  changed_.notify_all();
}

void StallWatch::run() {
  using Clock = std::chrono::steady_clock;
  const std::chrono::duration<double> pause(std::min(1.0, patience_ / 10));
  std::optional<std::string> seen;
  auto since = Clock::now();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || look_; });
    if (closing_) return;
    std::optional<std::string> now;
    try {
      now = look_();
    } catch (const std::exception&) {  // a device failed: the thread that uses it gets the same error, and reports it
    }
    if (!now) look_ = nullptr;
    if (std::exchange(fresh_, false) || now != seen) since = Clock::now();
    seen = now;
    if (now && Clock::now() - since > std::chrono::duration<double>(patience_)) {
      stalled_(fmt::format("no stage has made progress for {:.0f} s; waiting for {}", patience_, *now));
      std::_Exit(EXIT_FAILURE);
    }
    if (now) changed_.wait_for(lock, pause, [this] { return closing_; });
  }
}

}  // namespace seq2seq::parallel
