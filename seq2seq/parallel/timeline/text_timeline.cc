#include "seq2seq/parallel/timeline/text_timeline.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/parallel/timeline/measures.h"

namespace seq2seq::parallel {
namespace {

constexpr std::array<char, 3> letters{'F', 'B', 'W'};

/// Seconds of each kind of job in each slot of a place.
using Slots = std::vector<std::array<double, 3>>;

std::vector<Slots> slots_of(const Timeline& timeline, int64_t columns) {
  std::vector<Slots> places(timeline.places.size(), Slots(static_cast<size_t>(columns)));
  const double width = timeline.seconds / static_cast<double>(columns);
  for (const auto& entry : timeline.entries) {
    const auto first = std::clamp(static_cast<int64_t>(entry.start / width), int64_t{0}, columns - 1);
    const auto last = std::clamp(static_cast<int64_t>(entry.end / width), int64_t{0}, columns - 1);
    for (auto slot = first; slot <= last; ++slot) {
      const double begin = width * static_cast<double>(slot);
      const double share = std::min(entry.end, begin + width) - std::max(entry.start, begin);
      places[static_cast<size_t>(entry.place)][static_cast<size_t>(slot)][static_cast<size_t>(entry.kind)] += share;
    }
  }
  return places;
}

char letter_of(const std::array<double, 3>& slot, double width) {
  const auto most = static_cast<size_t>(std::ranges::max_element(slot) - slot.begin());
  const double idle = width - slot[0] - slot[1] - slot[2];
  return slot[most] <= 0 || idle > slot[most] ? '.' : letters[most];
}

}  // namespace

std::string text_timeline(const Timeline& timeline, int64_t columns) {
  if (timeline.seconds <= 0 || columns < 1) return "the timeline is empty\n";
  size_t widest = 0;
  for (const auto& name : timeline.places) widest = std::max(widest, name.size());
  const double width = timeline.seconds / static_cast<double>(columns);
  const auto waits = bubbles(timeline);
  const auto places = slots_of(timeline, columns);
  std::string text;
  for (size_t place = 0; place < places.size(); ++place) {
    std::string line;
    for (const auto& slot : places[place]) line += letter_of(slot, width);
    text += fmt::format("{:>2} {:<{}} |{}| {:5.1f} % idle\n", place, timeline.places[place], widest, line,
                        100 * waits[place]);
  }
  return text + fmt::format(
                    "{:>{}}F forward, B backward, W derivatives of parameters, . idle; a column is {:.3g} ms, "
                    "the whole {:.4g} ms\n",
                    "", widest + 5, 1e3 * width, 1e3 * timeline.seconds);
}

}  // namespace seq2seq::parallel
