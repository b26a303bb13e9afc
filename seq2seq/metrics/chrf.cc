#include "seq2seq/metrics/chrf.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

namespace {

constexpr std::size_t character_orders = 6;

bool is_ascii_punctuation(char32_t character) {
  return (character >= U'!' && character <= U'/') || (character >= U':' && character <= U'@') ||
         (character >= U'[' && character <= U'`') || (character >= U'{' && character <= U'~');
}

/// A line as characters without blanks, and as numbers of its words; punctuation at one end of a word is a separate
/// word.
struct ChrfLine {
  std::u32string characters, words;
};

class ChrfReader {
 public:
  ChrfLine read(const std::string& text, bool with_words) {
    ChrfLine line;
    for (const auto& word : split_words(text)) {
      const auto characters = characters_of(word);
      if (with_words) add_word(line, characters);
      line.characters += characters;
    }
    return line;
  }

 private:
  void add_word(ChrfLine& line, std::u32string_view word) {
    std::size_t cut = 0;
    if (word.size() > 1 && is_ascii_punctuation(word.back())) {
      cut = word.size() - 1;
    } else if (word.size() > 1 && is_ascii_punctuation(word.front())) {
      cut = 1;
    }
    if (cut > 0) line.words += number(word.substr(0, cut));
    line.words += number(word.substr(cut));
  }

  char32_t number(std::u32string_view word) {
    return numbers_.emplace(word, static_cast<char32_t>(numbers_.size())).first->second;
  }

  std::unordered_map<std::u32string, char32_t> numbers_;
};

std::vector<std::u32string_view> sorted_ngrams(std::u32string_view text, std::size_t order) {
  std::vector<std::u32string_view> ngrams;
  for (std::size_t first = 0; first + order <= text.size(); ++first) ngrams.push_back(text.substr(first, order));
  std::sort(ngrams.begin(), ngrams.end());
  return ngrams;
}

int64_t count_common(const std::vector<std::u32string_view>& a, const std::vector<std::u32string_view>& b) {
  int64_t common = 0;
  for (auto left = a.begin(), right = b.begin(); left != a.end() && right != b.end();) {
    const int order = left->compare(*right);
    if (order == 0) ++common;
    if (order <= 0) ++left;
    if (order >= 0) ++right;
  }
  return common;
}

/// Appends chrF's counts for each order up to `orders`.
void add_counts(Counts& counts, std::u32string_view output, std::u32string_view reference, std::size_t orders) {
  for (std::size_t order = 1; order <= orders; ++order) {
    const auto of_reference = sorted_ngrams(reference, order), of_output = sorted_ngrams(output, order);
    // If the reference has no n-grams of an order, those of the output do not count as wrong.
    counts.push_back(of_reference.empty() ? 0 : static_cast<double>(of_output.size()));
    counts.push_back(static_cast<double>(of_reference.size()));
    counts.push_back(static_cast<double>(count_common(of_output, of_reference)));
  }
}

}  // namespace

std::size_t ChrfMetric::size() const { return 3 * (character_orders + word_orders_); }

Counts ChrfMetric::count(const std::string& output, const std::vector<std::string>& references) const {
  ChrfReader reader;
  const auto read = [&](const std::string& line) {
    return reader.read(lowercase_ ? lower_case(line) : line, word_orders_ > 0);
  };
  const auto written = read(output);
  Counts best;
  double highest = -1;
  for (const auto& line : references) {
    const auto reference = read(line);
    Counts counts;
    add_counts(counts, written.characters, reference.characters, character_orders);
    add_counts(counts, written.words, reference.words, word_orders_);
    const double score = figure(counts);
    if (score <= highest) continue;
    highest = score;
    best = std::move(counts);
  }
  return best;
}

double ChrfMetric::figure(std::span<const double> sums) const {
  constexpr double beta_squared = 4;
  double precision = 0, recall = 0, orders = 0;
  for (std::size_t at = 0; at < sums.size(); at += 3) {
    const double of_output = sums[at], of_reference = sums[at + 1], common = sums[at + 2];
    if (of_output == 0 || of_reference == 0) continue;
    precision += common / of_output;
    recall += common / of_reference;
    ++orders;
  }
  if (precision + recall == 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * (1 + beta_squared) * precision * recall / (beta_squared * precision + recall);
}

std::string ChrfMetric::text(std::span<const double> sums) const {
  return fmt::format("chrF2{} = {:.2f}", std::string(word_orders_, '+'), figure(sums));
}

std::string ChrfMetric::settings() const {
  return fmt::format("case:{}|eff:yes|nc:{}|nw:{}|space:no", lowercase_ ? "lc" : "mixed", character_orders,
                     word_orders_);
}

std::unique_ptr<Metric> make_chrf(const MetricOptions& options) {
  return std::make_unique<ChrfMetric>(0, options.lowercase);
}

std::unique_ptr<Metric> make_chrf_plus_plus(const MetricOptions& options) {
  return std::make_unique<ChrfMetric>(2, options.lowercase);
}

}  // namespace seq2seq::metrics
