#include "seq2seq/cli/inspect_prepared.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/inspect_factors.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/run/prepare.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::cli {

namespace {

constexpr int64_t kBarColumns = 40;

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Prints the number of sentences by length, ten lengths per row; the last row is open.
void print_lengths(std::ostream& out, const char* name, const std::vector<int64_t>& lengths) {
  constexpr std::size_t kRow = 10;
  std::vector<int64_t> rows((lengths.size() + kRow - 1) / kRow);
  for (std::size_t length = 0; length < lengths.size(); ++length) rows[length / kRow] += lengths[length];
  while (rows.size() > 1 && rows.back() == 0) rows.pop_back();
  const int64_t most = std::max<int64_t>(1, *std::max_element(rows.begin(), rows.end()));
  out << fmt::format("\n{} sentences by length\n", name);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const bool open = (row + 1) * kRow >= lengths.size();
    const auto range =
        open ? fmt::format("{} and more", row * kRow) : fmt::format("{} to {}", row * kRow, row * kRow + 9);
    out << fmt::format("{:>12}  {:>12}  {}\n", range, format_count(rows[row]),
                       std::string(static_cast<std::size_t>(kBarColumns * rows[row] / most), '#'));
  }
}

/// Prints the share of the text covered by the 1, 2, 5, 10, ... thousand most frequent words.
void print_coverage(std::ostream& out, const char* name, const text::Vocabulary& words, int64_t tokens) {
  out << fmt::format("\n{} tokens covered by the most frequent words\n", name);
  const int64_t all = std::ssize(words.words());
  int64_t covered = 0, next = 0;
  for (int64_t size = 100, step = 0; next < all; ++step) {
    const int64_t until = std::min(size, all);
    for (; next < until; ++next) covered += words.words()[static_cast<std::size_t>(next)].count;
    out << fmt::format("{:>12}  {:6.2f} %\n", format_count(until), percent(covered, tokens));
    size = step % 3 == 1 ? size / 2 * 5 : size * 2;
  }
}

void print_samples(std::ostream& out, const std::vector<data::SamplePair>& samples) {
  for (const auto& sample : samples) {
    out << fmt::format("\nline {}\n", format_count(sample.line));
    out << fmt::format("{:<12} {}\n{:<12} {}\n", "source", sample.source, "tokens",
                       fmt::join(sample.source_tokens, " | "));
    out << fmt::format("{:<12} {}\n{:<12} {}\n", "target", sample.target, "tokens",
                       fmt::join(sample.target_tokens, " | "));
  }
}

}  // namespace

void inspect_prepared(std::ostream& out, const data::PreparedFolder& folder) {
  const auto summary = data::read_summary(folder);
  run::describe(out, folder, summary);
  print_factors(out, data::open_factors(folder, summary));
  print_lengths(out, "source", summary.source.lengths);
  print_lengths(out, "target", summary.target.lengths);
  print_coverage(out, "source", text::Vocabulary::load(folder.source().words), summary.source.tokens);
  print_coverage(out, "target", text::Vocabulary::load(folder.target().words), summary.target.tokens);
  print_samples(out, summary.samples);
}

}  // namespace seq2seq::cli
