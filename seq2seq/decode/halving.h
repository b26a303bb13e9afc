#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include "seq2seq/core/log.h"

namespace seq2seq::decode {

/// Callbacks for progress on many sentences. Either may be empty; a single function is `finished`.
struct Done {
  Done() = default;
  template <std::invocable<int64_t> Function>
  Done(Function&& function) : finished(std::forward<Function>(function)) {}  // NOLINT: a function is a Done

  std::function<void(int64_t sentences)> finished;  // number of sentences done so far
  std::function<void(int64_t sentences)> halved;    // this many sentences do not fit into memory; at most one call
};

/// Warns the first time that a batch does not fit into memory. Does not warn if `log` is null.
Done on_small_memory(Log* log);

/// The size of batches that fit into memory: at first the requested size; after a failure, half of the size that
/// failed.
class Halving {
 public:
  Halving(int64_t most, const Done& done) : most_(most), done_(done) {}
  int64_t most() const { return most_; }
  /// Returns true if memory was too small at least once.
  bool halved() const { return halved_; }
  /// Calls `work` on this many sentences together. If they do not fit into memory, `work` may have processed some of
  /// them; fits() then reduces most() and returns false, or throws the error if it was a single sentence.
  bool fits(int64_t together, const std::function<void()>& work);

 private:
  int64_t most_;
  const Done& done_;
  bool halved_ = false;
};

}  // namespace seq2seq::decode
