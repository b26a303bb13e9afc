#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "seq2seq/core/log.h"

namespace seq2seq {

struct ProgressOptions {
  bool terminal = false;                        // a bar redrawn in place; otherwise a line from time to time
  int columns = 80;                             // of the terminal
  std::chrono::milliseconds bar_every{200};     // shortest time between two drawings of the bar
  std::chrono::milliseconds line_every{10000};  // shortest time between two lines
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;  // tests pass their own clock
};

/// Shows progress to a waiting user: the amount done, the total, rate, time left, and a text of the caller (loss,
/// learning rate, ...). Draws a bar on a terminal, otherwise prints a line from time to time; prints nothing if the log
/// is quiet. Uses a steady clock.
class Progress {
 public:
  /// total 0: unknown, without a bar and time left. `unit` is plural: `updates`, `lines`. `from`: the amount done
  /// earlier by another process, which does not count for the rate.
  Progress(Log& log, std::string_view title, std::string_view unit, double total, ProgressOptions options,
           double from = 0);
  ~Progress();
  /// `seconds_left`: the caller's estimate, if it is better than one from the rate so far.
  void update(double done, std::string_view detail = {}, std::optional<double> seconds_left = {});
  /// Clears the bar so that a message can be printed; the next update draws it again.
  void pause();
  void finish();

 private:
  std::string render(double done, std::string_view detail, std::optional<double> seconds_left) const;
  double rate() const;  // units per second since the first update; 0: not known yet

  Log* log_;
  std::string title_, unit_, detail_;
  double total_ = 0, from_ = 0;
  double first_ = -1;  // `done` at the first update, from which a resumed run's rate counts
  double done_ = 0;
  ProgressOptions options_;
  std::chrono::steady_clock::time_point started_, first_update_, last_drawn_;
  bool drawn_ = false;
};

/// `3 h 05 min`, `2 min 10 s`, `4.2 s`.
std::string format_duration(double seconds);
/// `1,234,567`.
std::string format_count(int64_t count);
/// `1 line`, `1,234 lines`.
std::string format_count(int64_t count, std::string_view thing);
/// `1.8734` with this many decimals, `1.3e+301` for a number that would be too long, `infinite`, `undefined`.
std::string format_figure(double figure, int decimals);

}  // namespace seq2seq
