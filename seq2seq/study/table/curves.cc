#include "seq2seq/study/table/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/study/table/grid.h"

namespace seq2seq::study {

namespace {

constexpr double picture_width = 640, picture_height = 340;
constexpr double left = 64, right = 16, top = 16, bottom = 44;
// Told apart by people who do not see all colours: Okabe and Ito 2008, "Color universal design".
constexpr std::array<const char*, 8> colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000", "#8C8C8C"};
constexpr const char* drawn_metric = "perplexity";

/// The part of the plane that the curves lie in; perplexities on a logarithmic scale.
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

std::string curve(const Record& record, const Frame& frame, const char* colour) {
  std::string points;
  each_point(record, [&](double update, double value) {
    points += fmt::format("{:.1f},{:.1f} ", frame.x(update), frame.y(value));
  });
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" points=\"{}\"/>\n", colour, points);
}

std::string mark(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, escape_html(text));
}

std::string axes(const Frame& frame) {
  const double base = picture_height - bottom;
  std::string text = fmt::format("<path d=\"M{0},{1} V{2} H{3}\" fill=\"none\" stroke=\"#666\"/>\n", left, top, base,
                                 picture_width - right);
  constexpr int steps = 4;
  for (int i = 0; i <= steps; ++i) {
    const double update = frame.most_updates * i / steps;
    const double value = frame.least * std::pow(frame.most / frame.least, static_cast<double>(i) / steps);
    text += mark(frame.x(update), base + 16, "middle", format_count(std::llround(update)));
    text += mark(left - 6, frame.y(value) + 4, "end", fmt::format("{:.3g}", value));
  }
  text += mark((left + picture_width - right) / 2, picture_height - 8, "middle", "updates");
  return text + mark(left + 6, top + 10, "start", "validation perplexity, logarithmic");
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
    const char* colour = colours[i % colours.size()];
    for (const auto& record : table.lines[i].records) text += curve(*record, frame, colour);
    const double y = picture_height + line_height * static_cast<double>(i);
    text += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"18\" height=\"4\" fill=\"{}\"/>\n", left, y, colour);
    text += mark(left + 26, y + 6, "start", table.lines[i].cell);
  }
  return text + "</svg>\n";
}

}  // namespace seq2seq::study
