#include "seq2seq/parallel/timeline/timeline.h"

#include <regex>

#include <nlohmann/json.hpp>

#include "seq2seq/parallel/timeline/chrome_trace.h"
#include "seq2seq/parallel/timeline/measures.h"
#include "seq2seq/parallel/timeline/svg_timeline.h"
#include "seq2seq/parallel/timeline/text_timeline.h"
#include "test/support/catch.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

/// Place 0 works for 6 of 10 s, place 1 for 4, place 2 not at all.
Timeline small_timeline() {
  Timeline timeline{.places = {"cuda:0", "cuda:1", "cuda:2"}, .entries = {}, .seconds = 10};
  timeline.entries = {
      {.stage = "encoder.0", .kind = Job::Kind::forward, .place = 0, .first_step = 0, .last_step = 5, .end = 2},
      {.stage = "encoder.1",
       .kind = Job::Kind::forward,
       .place = 1,
       .first_step = 0,
       .last_step = 5,
       .start = 2,
       .end = 4},
      {.stage = "encoder.1",
       .kind = Job::Kind::backward,
       .place = 1,
       .first_step = 0,
       .last_step = 5,
       .start = 4,
       .end = 6},
      {.stage = "encoder.0",
       .kind = Job::Kind::backward,
       .place = 0,
       .micro_batch = 3,
       .first_step = 0,
       .last_step = 5,
       .start = 6,
       .end = 9},
      {.stage = "encoder.0",
       .kind = Job::Kind::weights,
       .place = 0,
       .first_step = 0,
       .last_step = 5,
       .start = 9,
       .end = 10}};
  return timeline;
}

TEST_CASE("timeline: a place waits when none of its entries runs; overlapping ones count once",
          "[parallel][timeline]") {
  auto timeline = small_timeline();
  CHECK(busy_seconds(timeline) == std::vector<double>{6, 4, 0});
  CHECK_THAT(bubbles(timeline)[0], WithinAbs(0.4, 1e-12));
  CHECK_THAT(bubbles(timeline)[2], WithinAbs(1, 1e-12));
  CHECK_THAT(overall_bubble(timeline), WithinAbs(0.5, 1e-12));  // place 2 has no work
  timeline.entries.push_back({.stage = "encoder.0", .place = 0, .start = 1, .end = 3});
  CHECK(busy_seconds(timeline)[0] == 7);
}

TEST_CASE("chrome trace: what is written is read back", "[parallel][timeline]") {
  const auto timeline = small_timeline();
  const auto read = read_chrome_trace(chrome_trace(timeline), {.file = "t.json"});
  CHECK(read.places == timeline.places);
  CHECK(read.seconds == timeline.seconds);
  REQUIRE(read.entries.size() == timeline.entries.size());
  for (size_t number = 0; number < read.entries.size(); ++number) {
    const auto &a = read.entries[number], &b = timeline.entries[number];
    CHECK(std::tuple(a.stage, a.kind, a.place, a.micro_batch, a.first_step, a.last_step) ==
          std::tuple(b.stage, b.kind, b.place, b.micro_batch, b.first_step, b.last_step));
    CHECK_THAT(a.start, WithinAbs(b.start, 1e-12));
    CHECK_THAT(a.end, WithinAbs(b.end, 1e-12));
  }
}

TEST_CASE("chrome trace: complete events in microseconds, a named thread a place, as the format asks",
          "[parallel][timeline]") {
  const auto json = nlohmann::json::parse(chrome_trace(small_timeline()));
  int named = 0, complete = 0;
  for (const auto& event : json.at("traceEvents")) {
    if (event.at("ph") == "M") {
      CHECK(event.at("name") == "thread_name");
      CHECK(event.at("args").at("name").is_string());
      ++named;
      continue;
    }
    CHECK(event.at("ph") == "X");
    for (const char* key : {"ts", "dur", "pid", "tid"}) CHECK(event.at(key).is_number());
    ++complete;
  }
  CHECK(named == 3);
  CHECK(complete == 5);
  CHECK(json.at("traceEvents").at(3).at("dur") == 2e6);
}

TEST_CASE("chrome trace: what is no timeline of ours is refused with the file's name", "[parallel][timeline][error]") {
  const auto text = chrome_trace(small_timeline());
  const auto changed = [&](const std::string& from, const std::string& to) {
    return std::regex_replace(text, std::regex(from), to);
  };
  const auto [wrong, says] = GENERATE_COPY(table<std::string, std::string>(
      {{"", "t.json"},
       {"[]", "t.json"},
       {changed("seq2seq timeline", "other"), "not a timeline of this program"},
       {changed("\"version\": 1", "\"version\": 9"), "another format version"},
       {changed("\"cat\": \"weights\"", "\"cat\": \"lunch\""), "unknown kind of job `lunch`"},
       {changed("\"tid\": 1,\\s*\"ts\"", "\"tid\": 7, \"ts\""), "unknown place"},
       {changed("\"last_step\": 5", "\"last_step\": \"5\""), "expected a number"},
       {text.substr(0, text.size() / 2), "t.json"}}));
  CAPTURE(wrong);
  CHECK_THROWS_WITH(read_chrome_trace(wrong, {.file = "t.json"}),
                    ContainsSubstring(says) && ContainsSubstring("t.json"));
}

TEST_CASE("text timeline: a letter a slot by the work that fills it", "[parallel][timeline]") {
  const auto text = text_timeline(small_timeline(), 10);
  CHECK_THAT(text, ContainsSubstring(" 0 cuda:0 |FF....BBBW|  40.0 % idle\n"));
  CHECK_THAT(text, ContainsSubstring(" 1 cuda:1 |..FFBB....|  60.0 % idle\n"));
  CHECK_THAT(text, ContainsSubstring(" 2 cuda:2 |..........| 100.0 % idle\n"));
  CHECK_THAT(text, ContainsSubstring("a column is 1e+03 ms"));
}

std::vector<double> numbers_of(const std::string& svg, const std::string& pattern) {
  std::vector<double> numbers;
  const std::regex search(pattern);
  for (std::sregex_iterator match(svg.begin(), svg.end(), search), end; match != end; ++match)
    numbers.push_back(std::stod((*match)[1]));
  return numbers;
}

TEST_CASE("svg: a bar an entry, as wide as it is long, and both timelines on one axis", "[parallel][timeline]") {
  auto other = small_timeline();
  other.seconds = 20;  // twice as long: the first ends in the middle
  const auto svg = svg_timeline({{"predicted", small_timeline()}, {"measured <here>", other}});
  const auto widths = numbers_of(svg, "width=\"([0-9.]+)\" height=\"20\" fill=\"#(?!f3)[0-9a-f]+\"><title>");
  REQUIRE(widths.size() == 10);
  CHECK_THAT(widths[3], WithinAbs(1000 * 3.0 / 20 - 0.5, 0.01));  // 3 of 20 s of 1000 pixels, less the white edge
  CHECK(widths[3] == widths[8]);
  const auto backgrounds = numbers_of(svg, "width=\"([0-9.]+)\" height=\"20\" fill=\"#f3f3f3\"");
  REQUIRE(backgrounds.size() == 6);
  CHECK(backgrounds[0] == 500);
  CHECK(backgrounds[3] == 1000);
  CHECK_THAT(svg, ContainsSubstring("measured &lt;here&gt;: 20 s"));
  for (const char* tick : {">0</text>", ">5</text>", ">20</text>", "40 % idle"})
    CHECK_THAT(svg, ContainsSubstring(tick));
}

/// Returns the relative luminance of a colour by WCAG 2.1.
double luminance(const std::string& colour) {
  const auto channel = [&](size_t at) {
    const double value = std::stoi(colour.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
}

TEST_CASE("svg: the kinds of work can be told apart in grey", "[parallel][timeline]") {
  const auto svg = svg_timeline({{"predicted", small_timeline()}});
  std::vector<double> lightness;
  const std::regex legend("height=\"14\" fill=\"#([0-9a-f]{6})\"");
  for (std::sregex_iterator match(svg.begin(), svg.end(), legend), end; match != end; ++match)
    lightness.push_back(luminance((*match)[1]));
  REQUIRE(lightness.size() == 3);
  std::ranges::sort(lightness);
  for (size_t each = 1; each < 3; ++each)
    CHECK((lightness[each] + 0.05) / (lightness[each - 1] + 0.05) >= 1.25);  // a visible contrast
}

}  // namespace
}  // namespace seq2seq::parallel
