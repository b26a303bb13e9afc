#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include "seq2seq/core/log.h"

namespace seq2seq::decode {

/// Receives reports of work on many sentences. Either function may be empty; a single function is `finished`.
struct Done {
  Done() = default;
  template <std::invocable<int64_t> Function>
  Done(Function&& function) : finished(std::forward<Function>(function)) {}  // NOLINT: a function is a Done

  std::function<void(int64_t sentences)> finished;  // how many are done so far
  std::function<void(int64_t sentences)> halved;    // memory does not suffice for so many together; at most once a call
};

/// Warns the first time that memory does not suffice for a batch. Without a `log` (null), it does not warn.
Done on_small_memory(Log* log);

/// The size of batches that fit into memory: at first the requested size; after a failure, half the size that did not
/// fit.
class Halving {
 public:
  Halving(int64_t most, const Done& done) : most_(most), done_(done) {}
  int64_t most() const { return most_; }
  /// True if memory did not suffice at least once.
  bool halved() const { return halved_; }
  /// Calls `work` on this many sentences together. If memory does not suffice, `work` may have done a part of them;
  /// then returns false, with fewer in most(), or throws the error if it was a single sentence.
  bool fits(int64_t together, const std::function<void()>& work);

 private:
  int64_t most_;
  const Done& done_;
  bool halved_ = false;
};

}  // namespace seq2seq::decode
