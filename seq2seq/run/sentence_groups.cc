#include "seq2seq/run/sentence_groups.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::run {

namespace {

/// The count of each word, and its place in order of first occurrence.
class WordCounts {
 public:
  void add(const std::string& word, int64_t times = 1) {
    const auto found = places_.emplace(word, counts_.size()).first->second;
    if (found == counts_.size()) counts_.push_back(0);
    counts_[found] += times;
  }

  std::unordered_map<std::string, int64_t> ranks() const {
    std::vector<std::size_t> order(counts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [this](auto a, auto b) { return counts_[a] > counts_[b]; });
    std::vector<int64_t> rank_of(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) rank_of[order[i]] = static_cast<int64_t>(i) + 1;
    std::unordered_map<std::string, int64_t> ranks;
    for (const auto& [word, place] : places_) ranks[word] = rank_of[place];
    return ranks;
  }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<int64_t> counts_;
};

WordCounts count_words(const std::filesystem::path& text) {
  data::LineReader lines(data::open_bytes(text), text.string());
  WordCounts counts;
  for (std::string line; lines.next(line);)
    for (const auto& word : metrics::split_words(line)) counts.add(word);
  return counts;
}

}  // namespace

void WordRanks::add_line(const std::string& line) {
  auto& words = lines_.emplace_back();
  for (const auto& word : metrics::split_words(line))
    words.push_back(numbers_.emplace(word, static_cast<int32_t>(numbers_.size())).first->second);
}

std::vector<double> WordRanks::mean_ranks(const std::optional<std::filesystem::path>& text) const {
  std::vector<const std::string*> words(numbers_.size());
  for (const auto& [word, number] : numbers_) words[static_cast<std::size_t>(number)] = &word;
  WordCounts counts;
  if (text) {
    counts = count_words(*text);
  } else {
    for (const auto& line : lines_)
      for (const int32_t number : line) counts.add(*words[static_cast<std::size_t>(number)]);
  }
  const auto ranks = counts.ranks();
  std::vector<double> rank_of(words.size(), static_cast<double>(ranks.size()) + 1);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (const auto found = ranks.find(*words[i]); found != ranks.end()) rank_of[i] = static_cast<double>(found->second);
  std::vector<double> means;
  for (const auto& line : lines_) {
    double sum = 0;
    for (const int32_t number : line) sum += rank_of[static_cast<std::size_t>(number)];
    means.push_back(line.empty() ? 0 : sum / static_cast<double>(line.size()));
  }
  return means;
}

std::vector<std::vector<int64_t>> group_by(const std::vector<double>& values, int64_t groups) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto value = [&values](int64_t place) { return values[static_cast<std::size_t>(place)]; };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return value(a) < value(b); });
  std::vector<std::vector<int64_t>> result;
  auto first = order.begin();
  for (int64_t group = 1; group <= groups && first != order.end(); ++group) {
    auto last = std::max(first, order.begin() + std::ssize(order) * group / groups);
    while (last != first && last != order.end() && value(*last) == value(*(last - 1))) ++last;
    if (last != first) result.emplace_back(first, last);
    first = last;
  }
  return result;
}

}  // namespace seq2seq::run
