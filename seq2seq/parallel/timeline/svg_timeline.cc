#include "seq2seq/parallel/timeline/svg_timeline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "seq2seq/parallel/timeline/measures.h"

namespace seq2seq::parallel {
namespace {

constexpr double left = 250, right = 70, width = 1000;  // names, shares, time axis; pixels
constexpr double row = 26, bar = 20, head = 34, gap = 18, axis = 44, legend = 30;
constexpr std::array<const char*, 3> colours{"#a8cdec", "#2f6fb2", "#e5a23c"};  // light, dark, medium
constexpr std::array<const char*, 3> work{"forward", "backward", "derivatives of parameters"};

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '&')
      safe += "&amp;";
    else if (letter == '<')
      safe += "&lt;";
    else if (letter == '>')
      safe += "&gt;";
    else if (letter == '"')
      safe += "&quot;";
    else
      safe += letter;
  }
  return safe;
}

/// Returns 1, 2 or 5 times a power of ten, for about eight ticks.
double tick_of(double whole) {
  const double rough = whole / 8;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double times : {1.0, 2.0, 5.0})
    if (times * power >= rough) return times * power;
  return 10 * power;
}

class Drawing {
 public:
  explicit Drawing(const std::vector<TitledTimeline>& timelines) : timelines_(timelines) {
    for (const auto& each : timelines) {
      whole_ = std::max(whole_, each.timeline.seconds);
      height_ += head + row * static_cast<double>(each.timeline.places.size()) + gap;
    }
    if (whole_ <= 0) whole_ = 1;
    unit_ = whole_ >= 2 ? 1 : whole_ >= 2e-3 ? 1e3 : 1e6;
  }

  std::string make() {
    const double in_all = height_ + axis + legend;
    svg_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        left + width + right, in_all);
    draw_ticks();
    double top = 0;
    for (const auto& each : timelines_) top = draw_one(each, top);
    draw_legend();
    return svg_ + "</svg>\n";
  }

 private:
  double at(double seconds) const { return left + width * seconds / whole_; }

  void text(double x, double y, const std::string& words, const char* more = "") {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", x, y, more, escaped(words));
  }

  double draw_one(const TitledTimeline& titled, double top) {
    const auto& timeline = titled.timeline;
    text(left, top + head - 12,
         fmt::format("{}: {:.4g} {}, {:.1f} % idle", titled.title, timeline.seconds * unit_, unit_name(),
                     100 * overall_bubble(timeline)),
         " font-size=\"14\" font-weight=\"bold\"");
    const auto waits = bubbles(timeline);
    for (size_t place = 0; place < timeline.places.size(); ++place) {
      const double y = top + head + row * static_cast<double>(place);
      svg_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" fill=\"#f3f3f3\"/>\n",
                          left, y, width * timeline.seconds / whole_, bar);
      text(left - 8, y + 14, label(timeline, static_cast<int64_t>(place)), " text-anchor=\"end\"");
      text(at(timeline.seconds) + 6, y + 14, fmt::format("{:.0f} % idle", 100 * waits[place]), " fill=\"#555\"");
    }
    for (const auto& entry : timeline.entries) draw_entry(entry, top + head);
    return top + head + row * static_cast<double>(timeline.places.size()) + gap;
  }

  void draw_entry(const TimelineEntry& entry, double top) {
    const double from = at(entry.start), span = at(entry.end) - from;
    const double edge = span > 3 ? 0.5 : 0;  // a white line between neighbours that are wide enough
    svg_ += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.0f}\" fill=\"{}\"><title>{} {}, steps {} to {}: "
        "{:.4g} to {:.4g} {}</title></rect>\n",
        from, top + row * static_cast<double>(entry.place), std::max(0.3, span - edge), bar,
        colours[static_cast<size_t>(entry.kind)], escaped(entry.stage), name_of(entry.kind), entry.first_step,
        entry.last_step, entry.start * unit_, entry.end * unit_, unit_name());
  }

  /// Returns the place's device and its stages, shortened to fit.
  static std::string label(const Timeline& timeline, int64_t place) {
    std::vector<std::string> stages;
    for (const auto& entry : timeline.entries)
      if (entry.place == place && std::ranges::find(stages, entry.stage) == stages.end()) stages.push_back(entry.stage);
    auto name = timeline.places[static_cast<size_t>(place)];
    constexpr size_t longest = 32;
    for (size_t number = 0; number < stages.size(); ++number) {
      if (name.size() + stages[number].size() + 2 > longest) return name + fmt::format(" +{}", stages.size() - number);
      name += (number == 0 ? "  " : ", ") + stages[number];
    }
    return name;
  }

  void draw_ticks() {
    const double step = tick_of(whole_);
    for (int64_t tick = 0; static_cast<double>(tick) * step <= whole_ * 1.0001; ++tick) {
      const double seconds = static_cast<double>(tick) * step;
      svg_ += fmt::format("<line x1=\"{0:.1f}\" y1=\"{1:.0f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" stroke=\"#ccc\"/>\n",
                          at(seconds), head - 6, height_ + 4);
      text(at(seconds), height_ + 20, fmt::format("{:.4g}", seconds * unit_), " text-anchor=\"middle\"");
    }
    text(left + width / 2, height_ + 38, fmt::format("time [{}]", unit_name()), " text-anchor=\"middle\"");
  }

  void draw_legend() {
    double x = left;
    for (size_t kind = 0; kind < work.size(); ++kind) {
      svg_ += fmt::format("<rect x=\"{:.0f}\" y=\"{:.1f}\" width=\"14\" height=\"14\" fill=\"{}\"/>\n", x,
                          height_ + axis + 6, colours[kind]);
      text(x + 20, height_ + axis + 18, work[kind]);
      x += 120;
    }
  }

  const char* unit_name() const { return unit_ == 1 ? "s" : unit_ == 1e3 ? "ms" : "µs"; }

  const std::vector<TitledTimeline>& timelines_;
  double whole_ = 0, height_ = 0, unit_ = 1;
  std::string svg_;
};

}  // namespace

std::string svg_timeline(const std::vector<TitledTimeline>& timelines) { return Drawing(timelines).make(); }

}  // namespace seq2seq::parallel
