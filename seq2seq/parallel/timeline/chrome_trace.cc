#include "seq2seq/parallel/timeline/chrome_trace.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "seq2seq/core/json.h"

namespace seq2seq::parallel {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* trace_format = "seq2seq timeline";
constexpr int trace_version = 1;
constexpr double microseconds = 1e6;

Json trace_event(const TimelineEntry& entry) {
  return {{"name", entry.stage + " " + name_of(entry.kind)},
          {"cat", name_of(entry.kind)},
          {"ph", "X"},
          {"pid", 0},
          {"tid", entry.place},
          {"ts", entry.start * microseconds},
          {"dur", (entry.end - entry.start) * microseconds},
          {"args",
           {{"stage", entry.stage},
            {"micro_batch", entry.micro_batch},
            {"first_step", entry.first_step},
            {"last_step", entry.last_step}}}};
}

Job::Kind kind_named(const std::string& name) {
  for (const auto kind : {Job::Kind::forward, Job::Kind::backward, Job::Kind::weights})
    if (name == name_of(kind)) return kind;
  throw JsonFault("unknown kind of job `" + name + "`");
}

double seconds_of(const Json& value) {
  const auto number = value.get<double>() / microseconds;
  if (!std::isfinite(number)) throw JsonFault("a time is not finite");
  return number;
}

TimelineEntry entry_of(const Json& event, size_t places) {
  const auto& args = event.at("args");
  TimelineEntry entry{.stage = args.at("stage").get<std::string>(),
                      .kind = kind_named(event.at("cat").get<std::string>())};
  entry.place = to_integer<int64_t>(event.at("tid"));
  if (entry.place < 0 || entry.place >= static_cast<int64_t>(places)) throw JsonFault("an event of an unknown place");
  entry.micro_batch = to_integer<int64_t>(args.at("micro_batch"));
  entry.first_step = to_integer<int64_t>(args.at("first_step"));
  entry.last_step = to_integer<int64_t>(args.at("last_step"));
  entry.start = seconds_of(event.at("ts"));
  entry.end = entry.start + seconds_of(event.at("dur"));
  return entry;
}

Timeline parse_timeline(const Json& json) {
  const auto& ours = json.at("otherData");
  if (ours.at("format").get<std::string>() != trace_format) throw JsonFault("not a timeline of this program");
  if (to_integer<int>(ours.at("version")) != trace_version) throw JsonFault("a timeline of another format version");
  Timeline timeline;
  timeline.places = ours.at("places").get<std::vector<std::string>>();
  timeline.seconds = ours.at("seconds").get<double>();
  for (const auto& event : json.at("traceEvents"))
    if (event.at("ph").get<std::string>() == "X") timeline.entries.push_back(entry_of(event, timeline.places.size()));
  return timeline;
}

}  // namespace

std::string chrome_trace(const Timeline& timeline) {
  auto events = Json::array();
  for (size_t place = 0; place < timeline.places.size(); ++place) {
    const auto name = "place " + std::to_string(place) + " " + timeline.places[place];
    events.push_back({{"name", "thread_name"}, {"ph", "M"}, {"pid", 0}, {"tid", place}, {"args", {{"name", name}}}});
  }
  for (const auto& entry : timeline.entries) events.push_back(trace_event(entry));
  const Json ours{
      {"format", trace_format}, {"version", trace_version}, {"places", timeline.places}, {"seconds", timeline.seconds}};
  return Json{{"traceEvents", events}, {"displayTimeUnit", "ms"}, {"otherData", ours}}.dump(1) + "\n";
}

Timeline read_chrome_trace(const std::string& text, const Place& file) {
  return read_json<Json>(text, file, "Use a file that `seq2seq plan --trace` or `seq2seq train --timeline` wrote",
                         parse_timeline);
}

}  // namespace seq2seq::parallel
