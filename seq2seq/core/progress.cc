#include "seq2seq/core/progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "seq2seq/core/text.h"

namespace seq2seq {

namespace {

std::string format_rate(double rate) {
  return rate >= 100 ? format_count(std::llround(rate)) : fmt::format("{:.3g}", rate);
}

/// Returns `hypothesis` for one of the `hypotheses`, and the plural unit for any other number.
std::string unit_of(int64_t count, std::string unit) {
  if (count != 1 || !unit.ends_with('s')) return unit;
  if (unit.ends_with("eses"))
    unit.replace(unit.size() - 2, 1, "i");
  else
    unit.pop_back();
  return unit;
}

std::string bar(double part, int columns) {
  const auto width = static_cast<size_t>(columns);
  const auto filled = std::min(width, static_cast<size_t>(part * columns));
  return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

}  // namespace

Progress::Progress(Log& log, std::string_view title, std::string_view unit, double total, ProgressOptions options,
                   double from)
    : log_(&log), title_(title), unit_(unit), total_(total), from_(from), options_(std::move(options)) {
  started_ = last_drawn_ = options_.now();
}

Progress::~Progress() { pause(); }  // without finish() there was an error; its message needs a line of its own

void Progress::update(double done, std::string_view detail, std::optional<double> seconds_left) {
  if (log_->quiet()) return;
  const auto now = options_.now();
  if (first_ < 0) {
    first_ = done;
    first_update_ = now;
    if (options_.terminal) last_drawn_ -= options_.bar_every;  // draw the bar at once
  }
  done_ = done;
  detail_ = detail;
  if (now - last_drawn_ < (options_.terminal ? options_.bar_every : options_.line_every)) return;
  last_drawn_ = now;
  if (options_.terminal) {
    log_->out() << "\r\x1B[K" << render(done, detail, seconds_left) << std::flush;
    drawn_ = true;
  } else {
    log_->out() << render(done, detail, seconds_left) << '\n' << std::flush;
  }
}

void Progress::pause() {
  if (drawn_) log_->out() << "\r\x1B[K" << std::flush;
  drawn_ = false;
  if (options_.terminal) last_drawn_ = started_ - options_.bar_every;
}

void Progress::finish() {
  if (log_->quiet()) return;
  pause();
  const double seconds = std::chrono::duration<double>(options_.now() - started_).count();
  const int64_t done = std::llround(std::max(0.0, done_ - from_));
  std::string line =
      fmt::format("{}: {} {} in {}", title_, format_count(done), unit_of(done, unit_), format_duration(seconds));
  constexpr double enough = 1;  // second; the rate of a shorter time says little
  if (const double rate = this->rate(); rate > 0 && seconds >= enough)
    line += fmt::format(", {} a second", format_rate(rate));
  if (!detail_.empty()) line += "; " + detail_;
  log_->say(line);
}

double Progress::rate() const {
  const double seconds = std::chrono::duration<double>(options_.now() - first_update_).count();
  return first_ >= 0 && seconds > 0 ? (done_ - first_) / seconds : 0;
}

std::string Progress::render(double done, std::string_view detail, std::optional<double> seconds_left) const {
  std::string line = title_;
  const bool known = total_ > 0;
  const double part = known ? std::clamp(done / total_, 0.0, 1.0) : 0;
  if (known && options_.terminal && options_.columns >= 40)
    line += " " + bar(part, std::clamp(options_.columns / 8, 5, 24));
  if (known) line += fmt::format(" {:3.0f} %", std::floor(part * 100));
  line += " " + format_count(std::llround(done));
  if (known) line += "/" + format_count(std::llround(total_));
  if (!options_.terminal) line += " " + unit_;
  if (const double rate = this->rate(); rate > 0) {
    line += fmt::format(", {}/s", format_rate(rate));
    if (known && done < total_ && !seconds_left) seconds_left = (total_ - done) / rate;
  }
  if (seconds_left) line += fmt::format(", {} left", format_duration(*seconds_left));
  if (!detail.empty()) line += fmt::format(", {}", detail);
  // Keeps the last column free, because some terminals would start a new line after it.
  if (options_.terminal) line = first_characters(line, static_cast<size_t>(std::max(1, options_.columns - 1)));
  return line;
}

std::string format_duration(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", std::max(0.0, seconds));
  if (!(seconds < 1e9)) return "over 30 years";
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", format_count(whole / 3600), whole / 60 % 60);
}

std::string format_count(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t sign = count < 0 ? 1 : 0;
  for (size_t end = digits.size(); end > sign + 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string format_count(int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", format_count(count), thing, count == 1 ? "" : "s");
}

std::string format_figure(double figure, int decimals) {
  constexpr double too_long = 1e9;
  if (std::isnan(figure)) return "undefined";
  if (std::isinf(figure)) return figure > 0 ? "infinite" : "-infinite";
  return std::abs(figure) < too_long ? fmt::format("{:.{}f}", figure, decimals) : fmt::format("{:.4g}", figure);
}

}  // namespace seq2seq
