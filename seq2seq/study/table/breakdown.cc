#include "seq2seq/study/table/breakdown.h"

#include <array>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace seq2seq::study {

namespace {

/// The longest source of each range, in tokens; the last range is open.
constexpr std::array<int64_t, 7> range_ends{5, 10, 15, 20, 30, 50, std::numeric_limits<int64_t>::max()};

struct LengthRange {
  int64_t first = 0, last = 0;
  std::vector<int64_t> sentences;  // their numbers in the test set

  std::string name() const {
    const auto tokens =
        last == range_ends.back() ? fmt::format("{} and more", first) : fmt::format("{} to {}", first, last);
    return fmt::format("{} ({})", tokens, sentences.size());
  }
};

std::vector<LengthRange> ranges_of(const std::vector<SentenceFigures>& sentences) {
  std::vector<LengthRange> ranges;
  int64_t first = 0;
  for (const int64_t last : range_ends) {
    LengthRange range{.first = first, .last = last, .sentences = {}};
    for (size_t i = 0; i < sentences.size(); ++i) {
      const int64_t tokens = sentences[i].source_tokens;
      if (tokens >= first && tokens <= last) range.sentences.push_back(static_cast<int64_t>(i));
    }
    if (!range.sentences.empty()) ranges.push_back(std::move(range));
    if (last != range_ends.back()) first = last + 1;
  }
  return ranges;
}

/// Returns an empty list unless all records were measured on one test set with the same tokens.
std::vector<LengthRange> shared_ranges(const StudyTable& table) {
  std::set<std::string> tests;
  std::set<int64_t> tokens;  // total of the source: different tokenizers split a text differently
  const Record* any = nullptr;
  for (const auto& line : table.lines) {
    for (const auto& record : line.records) {
      any = record.get();
      tests.insert(record->identity.test.sha256);
      int64_t sum = 0;
      for (const auto& sentence : record->sentences) sum += sentence.source_tokens;
      tokens.insert(sum);
    }
  }
  return tests.size() == 1 && tokens.size() == 1 ? ranges_of(any->sentences) : std::vector<LengthRange>();
}

double mean_figure(const TableLine& line, const std::string& metric, const LengthRange& range) {
  double sum = 0;
  for (const auto& record : line.records) sum += figure_of(metric, record->sentences, range.sentences);
  return shown_factor(metric) * sum / static_cast<double>(line.records.size());
}

}  // namespace

std::vector<Grid> by_source_length(const StudyTable& table) {
  const auto ranges = shared_ranges(table);
  if (ranges.size() < 2) return {};
  std::vector<Grid> grids;
  for (const auto& metric : table.metrics) {
    Grid grid{.title = metric_title(metric) + ", by tokens of the source (sentences)", .head = {"row"}, .rows = {}};
    for (const auto& range : ranges) grid.head.push_back(range.name());
    for (const auto& line : table.lines) {
      if (line.records.empty()) continue;
      auto& row = grid.rows.emplace_back(std::vector<std::string>{line.cell});
      for (const auto& range : ranges)
        row.push_back(fmt::format("{:.{}f}", mean_figure(line, metric, range), shown_digits(metric)));
    }
    grids.push_back(std::move(grid));
  }
  return grids;
}

}  // namespace seq2seq::study
