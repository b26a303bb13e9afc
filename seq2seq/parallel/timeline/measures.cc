#include "seq2seq/parallel/timeline/measures.h"

#include <algorithm>
#include <utility>

namespace seq2seq::parallel {

std::vector<double> busy_seconds(const Timeline& timeline) {
  std::vector<std::vector<std::pair<double, double>>> spans(timeline.places.size());
  for (const auto& entry : timeline.entries)
    spans.at(static_cast<size_t>(entry.place)).emplace_back(entry.start, entry.end);
  std::vector<double> busy;
  for (auto& of_place : spans) {
    std::ranges::sort(of_place);
    double sum = 0, until = 0;
    for (const auto& [start, end] : of_place) {
      sum += std::max(0.0, end - std::max(start, until));
      until = std::max(until, end);
    }
    busy.push_back(sum);
  }
  return busy;
}

std::vector<double> bubbles(const Timeline& timeline) {
  auto shares = busy_seconds(timeline);
  for (auto& share : shares) share = timeline.seconds > 0 ? 1 - share / timeline.seconds : 0;
  return shares;
}

double overall_bubble(const Timeline& timeline) {
  double working = 0, sum = 0;
  for (const double seconds : busy_seconds(timeline)) {
    if (seconds == 0) continue;
    sum += seconds;
    working += 1;
  }
  return working > 0 && timeline.seconds > 0 ? 1 - sum / (working * timeline.seconds) : 0;
}

}  // namespace seq2seq::parallel
