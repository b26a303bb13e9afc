#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "seq2seq/core/registry.h"

namespace seq2seq::train {

/// Progress of training.
struct Point {
  int64_t update = 0;        // updates made so far
  double epoch = 0;          // epochs made so far, with a fraction within an epoch
  double total_updates = 0;  // planned for the whole run, by `train.epochs` or `train.updates`
};

/// The learning rate as a factor of the optimizer's learning rate.
class Schedule {
 public:
  virtual ~Schedule() = default;
  virtual double factor(const Point& point) const = 0;
  /// Returns true if it changes only after validations.
  virtual bool needs_validation() const { return false; }
  /// Call it after each validation; only plateau uses it. `improved`: better than all before.
  virtual void validated(bool improved) { (void)improved; }
  virtual std::string state() const { return "{}"; }  // JSON, for the checkpoint
  /// Throws FormatError naming `file`.
  virtual void restore(const std::string& state, const std::filesystem::path& file) { (void)state, (void)file; }
};

using ScheduleRegistry = Registry<Schedule>;
ScheduleRegistry
builtin_schedules();  // constant, halve, plateau, inverse_square_root, linear (warm-up, then linearly to a final share)

}  // namespace seq2seq::train
