#include "seq2seq/core/progress.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/text.h"
#include "test/support/catch.h"

namespace seq2seq {

using test::ContainsSubstring;

namespace {

/// A clock that only advances by hand, and the printed text.
struct Screen {
  explicit Screen(Log::Level level = Log::Level::normal) : log(out, level) {}
  ProgressOptions options(bool terminal, int columns = 80) {
    return {.terminal = terminal, .columns = columns, .now = [this] {
              return std::chrono::steady_clock::time_point(time);
            }};
  }
  void wait(double seconds) { time += std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)); }
  std::string taken() {
    std::string text = out.str();
    out.str("");
    return text;
  }

  std::chrono::milliseconds time{1000000};
  std::ostringstream out;
  Log log;
};

const std::string wipe = "\r\x1B[K";

}  // namespace

TEST_CASE("progress: on a terminal a bar with part, rate, time left and detail, redrawn in place", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 4000, screen.options(true, 100));
  progress.update(0);
  REQUIRE(screen.taken() == wipe + "train [............]   0 % 0/4,000");
  screen.wait(100);
  progress.update(1000, "loss 2.31");
  REQUIRE(screen.taken() == wipe + "train [###.........]  25 % 1,000/4,000, 10/s, 5 min 00 s left, loss 2.31");
}

TEST_CASE("progress: the summary leaves out what another process had done", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 4000, screen.options(false), /*from=*/1000);
  progress.update(1001);
  screen.wait(100);
  progress.update(2001);
  screen.taken();
  progress.finish();
  REQUIRE(screen.taken() == "train: 1,001 updates in 1 min 40 s, 10 a second\n");
}

TEST_CASE("progress: the summary has no rate of less than a second", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 4000, screen.options(false));
  progress.update(0);
  screen.wait(0.5);
  progress.update(4000);
  screen.taken();
  progress.finish();
  REQUIRE(screen.taken() == "train: 4,000 updates in 0.5 s\n");
}

TEST_CASE("progress: one thing is singular", "[core][progress]") {
  Screen screen;
  const auto [unit, says] = GENERATE(table<std::string, std::string>(
      {{"sentences", "1 sentence in "}, {"hypotheses", "1 hypothesis in "}, {"MB", "1 MB in "}}));
  Progress progress(screen.log, "scoring", unit, 1, screen.options(false));
  progress.update(1);
  progress.finish();
  CHECK_THAT(screen.taken(), ContainsSubstring("scoring: " + says));
}

TEST_CASE("figures: a figure that is huge or no number has a short text", "[core][progress]") {
  CHECK(format_figure(5.79064, 4) == "5.7906");
  CHECK(format_figure(-12.5, 2) == "-12.50");
  CHECK(format_figure(999999999.0, 2) == "999999999.00");
  CHECK(format_figure(std::exp(702.0), 4) == "7.494e+304");
  CHECK(format_figure(std::exp(1000.0), 4) == "infinite");
  CHECK(format_figure(-std::numeric_limits<double>::infinity(), 2) == "-infinite");
  CHECK(format_figure(std::numeric_limits<double>::quiet_NaN(), 4) == "undefined");
}

TEST_CASE("progress: a time left that the caller knows takes the place of the rate's", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "study", "runs", 4, screen.options(true, 100));
  progress.update(0, "a", 90.0);
  REQUIRE(screen.taken() == wipe + "study [............]   0 % 0/4, 1 min 30 s left, a");
  screen.wait(10);
  progress.update(1, "b", 20.0);
  REQUIRE(screen.taken() == wipe + "study [###.........]  25 % 1/4, 0.1/s, 20 s left, b");
}

TEST_CASE("progress: the bar is drawn no oftener than asked, and again after a pause", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 10, screen.options(true));
  progress.update(1);
  screen.taken();
  screen.wait(0.1);
  progress.update(2);
  REQUIRE(screen.taken().empty());
  progress.pause();
  REQUIRE(screen.taken() == wipe);
  progress.update(3);
  REQUIRE_THAT(screen.taken(), ContainsSubstring("3/10"));
}

TEST_CASE("progress: the bar never reaches the last column", "[core][progress]") {
  const int columns = GENERATE(1, 10, 39, 40, 80, 300);
  CAPTURE(columns);
  Screen screen;
  Progress progress(screen.log, "é", "updates", 1000, screen.options(true, columns));
  progress.update(500, std::string(400, 'x'));
  const std::string drawn = screen.taken().substr(wipe.size());
  REQUIRE(count_characters(drawn) == static_cast<size_t>(std::max(1, columns - 1)));
}

TEST_CASE("progress: elsewhere a line now and then", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 400, screen.options(false));
  progress.update(0);
  REQUIRE(screen.taken().empty());
  screen.wait(10);
  progress.update(100, "loss 2");
  REQUIRE(screen.taken() == "train  25 % 100/400 updates, 10/s, 30 s left, loss 2\n");
  screen.wait(9);
  progress.update(200);
  REQUIRE(screen.taken().empty());
}

TEST_CASE("progress: the rate of a resumed run counts from where it began", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "train", "updates", 2000, screen.options(false));
  progress.update(1000);
  screen.wait(10);
  progress.update(1050);
  REQUIRE_THAT(screen.taken(), ContainsSubstring(", 5/s, 3 min 10 s left"));
}

TEST_CASE("progress: without a total there is a count and a rate, no bar and no time left", "[core][progress]") {
  Screen screen;
  Progress progress(screen.log, "read", "lines", 0, screen.options(true));
  progress.update(0);
  screen.taken();
  screen.wait(2);
  progress.update(3000);
  REQUIRE(screen.taken() == wipe + "read 3,000, 1,500/s");
}

TEST_CASE("progress: the end is one line with count, time and rate", "[core][progress]") {
  const bool terminal = GENERATE(false, true);
  Screen screen;
  Progress progress(screen.log, "train", "updates", 1200, screen.options(terminal));
  progress.update(0);
  screen.wait(60);
  progress.update(1200, "loss 0.5");
  screen.taken();
  progress.finish();
  REQUIRE(screen.taken() == (terminal ? wipe : "") + "train: 1,200 updates in 1 min 00 s, 20 a second; loss 0.5\n");
}

TEST_CASE("progress: a quiet log shows nothing", "[core][progress]") {
  const bool terminal = GENERATE(false, true);
  Screen screen(Log::Level::quiet);
  {
    Progress progress(screen.log, "train", "updates", 10, screen.options(terminal));
    progress.update(1);
    screen.wait(100);
    progress.update(2);
    progress.finish();
  }
  REQUIRE(screen.taken().empty());
}

TEST_CASE("log: quiet keeps warnings and drops news", "[core][log]") {
  Screen normal;
  normal.log.say("news");
  normal.log.warn("beware");
  REQUIRE(normal.taken() == "news\nwarning: beware\n");
  Screen quiet(Log::Level::quiet);
  quiet.log.say("news");
  quiet.log.warn("beware");
  REQUIRE(quiet.taken() == "warning: beware\n");
}

TEST_CASE("progress: durations and counts are written for people", "[core][progress]") {
  using Row = std::pair<double, std::string>;
  for (const auto& [seconds, text] : std::vector<Row>{{0, "0.0 s"},
                                                      {4.23, "4.2 s"},
                                                      {9.94, "9.9 s"},
                                                      {9.96, "10 s"},
                                                      {59.4, "59 s"},
                                                      {59.6, "1 min 00 s"},
                                                      {130, "2 min 10 s"},
                                                      {3599.7, "1 h 00 min"},
                                                      {11100, "3 h 05 min"},
                                                      {1e300, "over 30 years"}}) {
    CHECK(format_duration(seconds) == text);
  }
  using Count = std::pair<int64_t, std::string>;
  for (const auto& [count, text] : std::vector<Count>{
           {0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}, {-100, "-100"}, {-1000, "-1,000"}}) {
    CHECK(format_count(count) == text);
  }
}

}  // namespace seq2seq
