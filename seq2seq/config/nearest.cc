#include "seq2seq/config/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace seq2seq::config {

namespace {

/// Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours, at most one per place.
size_t distance(const std::string& from, const std::string& to) {
  std::vector<size_t> before_last, last(to.size() + 1), current(to.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= from.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t substituted = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = current;
  }
  return last[to.size()];
}

}  // namespace

std::string without_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates, size_t share) {
  const std::string folded = without_case(word);
  const std::string* best = nullptr;
  size_t least = word.size() / share + 1;
  for (const auto& candidate : candidates) {
    const size_t difference = std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    if (difference >= least) continue;  // a lower bound of the distance, so that a huge word costs nothing
    const size_t found = distance(folded, without_case(candidate));
    if (found < least) {
      least = found;
      best = &candidate;
    }
  }
  return best != nullptr ? *best : std::string();
}

}  // namespace seq2seq::config
