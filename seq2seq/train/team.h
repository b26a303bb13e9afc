#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace seq2seq::train {

/// The processes that train one model together, its ranks, as a trainer sees them. This class is one process alone.
/// Every rank makes the same calls in the same order.
class Team {
 public:
  virtual ~Team() = default;
  virtual int64_t rank() const { return 0; }
  virtual int64_t ranks() const { return 1; }
  /// Returns true if this rank decides for all, and writes the run's files.
  bool leads() const { return rank() == 0; }
  /// Replaces each value by its sum over all ranks; all get the same bits.
  virtual void sum(std::vector<double>&) {}
  /// Returns the values that the ranks pass, in order of ranks.
  virtual std::vector<std::string> gather(const std::string& bytes) { return {bytes}; }
  /// Marks the begin or end of work that only this rank does and that may take long: the others wait without a
  /// time-out.
  virtual void busy(bool) {}
  /// Notes the number of updates made, for messages about a rank that stops answering.
  virtual void reached(int64_t) {}
};

}  // namespace seq2seq::train
