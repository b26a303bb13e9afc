#include "seq2seq/study/table/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/ticks.h"

namespace seq2seq::study {

namespace {

constexpr double picture_width = 640, picture_height = 340;
constexpr double left = 64, right = 24, top = 32, bottom = 48;  // the title is above the curves
// Colours that people with colour blindness can distinguish: Okabe and Ito 2008, "Color universal design".
constexpr std::array<const char*, 8> colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000", "#8C8C8C"};
// Colours repeat after eight rows, each time with a different dash.
constexpr std::array<const char*, 5> dashes{"", "7 3", "2 3", "9 3 2 3", "14 4"};
constexpr const char* drawn_metric = "perplexity";

/// Style of the line of row `number`.
std::string stroke(size_t number) {
  const std::string dash = dashes[number / colours.size() % dashes.size()];
  return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\"{}", colours[number % colours.size()],
                     dash.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dash));
}

/// The area of the curves, with perplexities on a logarithmic scale.
struct Frame {
  double most_updates = 0;
  double least = std::numeric_limits<double>::infinity(), most = 0;

  double x(double update) const { return left + (picture_width - left - right) * update / most_updates; }
  double y(double value) const {
    const double span = std::log(most / least);
    const double part = span > 0 ? std::log(value / least) / span : 0.5;
    return picture_height - bottom - (picture_height - top - bottom) * part;
  }
};

template <class Visit>
void each_point(const Record& record, const Visit& visit) {
  for (const auto& point : record.training.curve) {
    const auto found = point.figures.find(drawn_metric);
    if (found != point.figures.end() && found->second > 0) visit(static_cast<double>(point.update), found->second);
  }
}

Frame frame_of(const StudyTable& table) {
  Frame frame;
  for (const auto& line : table.lines) {
    for (const auto& record : line.records) {
      each_point(*record, [&frame](double update, double value) {
        frame.most_updates = std::max(frame.most_updates, update);
        frame.least = std::min(frame.least, value);
        frame.most = std::max(frame.most, value);
      });
    }
  }
  return frame;
}

std::string curve(const Record& record, const Frame& frame, size_t number) {
  std::string points;
  each_point(record, [&](double update, double value) {
    points += fmt::format("{:.1f},{:.1f} ", frame.x(update), frame.y(value));
  });
  return fmt::format("<polyline {} points=\"{}\"/>\n", stroke(number), points);
}

std::string mark(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, escape_html(text));
}

std::string axes(const Frame& frame) {
  constexpr int most_ticks = 8;
  const double base = picture_height - bottom, end = picture_width - right;
  std::string text =
      fmt::format("<path d=\"M{0},{1} V{2} H{3}\" fill=\"none\" stroke=\"#666\"/>\n", left, top, base, end);
  for (const double update : linear_ticks(0, frame.most_updates, most_ticks)) {
    const double x = frame.x(update);
    text += fmt::format("<path d=\"M{:.1f},{} v5\" stroke=\"#666\"/>\n", x, base);
    text += mark(x, base + 18, "middle", format_count(std::llround(update)));
  }
  auto values = logarithmic_ticks(frame.least, frame.most, most_ticks);
  if (values.empty()) values = {frame.least};  // all points are equal
  for (const double value : values) {
    const double y = frame.y(value);
    text += fmt::format("<path d=\"M{},{:.1f} H{}\" stroke=\"#e4e4e4\"/>\n", left, y, end);
    text += mark(left - 6, y + 4, "end", fmt::format("{:.6g}", value));
  }
  text += mark((left + end) / 2, picture_height - 12, "middle", "updates");
  return text + mark(left, top - 14, "start", "validation perplexity, logarithmic");
}

}  // namespace

std::string draw_curves(const StudyTable& table) {
  const auto frame = frame_of(table);
  if (frame.most_updates <= 0) return {};
  constexpr double line_height = 16;
  const double height = picture_height + line_height * static_cast<double>(table.lines.size());
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      picture_width, height);
  text += axes(frame);
  for (size_t i = 0; i < table.lines.size(); ++i) {
    for (const auto& record : table.lines[i].records) text += curve(*record, frame, i);
    const double y = picture_height + line_height * static_cast<double>(i);
    text += fmt::format("<path d=\"M{},{} h32\" {}/>\n", left, y + 2, stroke(i));
    text += mark(left + 40, y + 6, "start", table.lines[i].cell);
  }
  return text + "</svg>\n";
}

}  // namespace seq2seq::study
