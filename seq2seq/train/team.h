#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace seq2seq::train {

/// The processes (ranks) that train one model together, as a trainer sees them. This class is one process alone. Every
/// rank must make the same calls in the same order.
class Team {
 public:
  virtual ~Team() = default;
  virtual int64_t rank() const { return 0; }
  virtual int64_t ranks() const { return 1; }
  /// Returns true if this rank makes the decisions for all and writes the run's files.
  bool leads() const { return rank() == 0; }
  /// Replaces each value by its sum over all ranks; all get the same bits.
  virtual void sum(std::vector<double>&) {}
  /// Returns the values of all ranks, in order of ranks.
  virtual std::vector<std::string> gather(const std::string& bytes) { return {bytes}; }
  /// Marks the begin or end of work that only this rank does and that may take long: the others then wait without a
  /// time-out.
  virtual void busy(bool) {}
  /// Records the number of updates made, for messages about a rank that stops answering.
  virtual void reached(int64_t) {}
};

}  // namespace seq2seq::train
