#include "seq2seq/metrics/paired_test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "seq2seq/core/random.h"

namespace seq2seq::metrics {

namespace {

using Figures = std::vector<double>;

/// For each table the figures on the resampled sets; empty for a missing second output.
struct ResampledSets {
  std::vector<Figures> first, second;
};

ResampledSets draw_sets(std::span<const OutputTables> tables, std::span<const int64_t> sentences,
                        const ResamplingOptions& options, const std::function<void(int64_t)>& done) {
  ResampledSets sets{std::vector<Figures>(tables.size()), std::vector<Figures>(tables.size())};
  std::vector<int64_t> chosen(sentences.size());
  int64_t finished = 0;
  resample(std::ssize(sentences), options.samples, options.seed, [&](std::span<const int64_t> drawn) {
    std::transform(drawn.begin(), drawn.end(), chosen.begin(),
                   [&](int64_t place) { return sentences[static_cast<std::size_t>(place)]; });
    for (std::size_t i = 0; i < tables.size(); ++i) {
      sets.first[i].push_back(tables[i].first.figure(chosen));
      if (tables[i].second) sets.second[i].push_back(tables[i].second->figure(chosen));
    }
    if (done) done(++finished);
  });
  return sets;
}

/// Returns the interval between two percentiles that cut off equal shares at both ends.
Estimate::Interval percentiles(Figures figures, double level) {
  std::sort(figures.begin(), figures.end());
  const auto outside = static_cast<std::size_t>((1 - level) / 2 * static_cast<double>(figures.size()));
  return {figures[outside], figures[figures.size() - 1 - outside]};
}

/// Error rates are infinite if all references are empty.
double difference_of(double first, double second) { return first == second ? 0 : second - first; }

Figures differences_of(const Figures& first, const Figures& second) {
  Figures result(first.size());
  std::transform(first.begin(), first.end(), second.begin(), result.begin(), difference_of);
  return result;
}

double share_better(const Figures& differences, bool higher_is_better) {
  double better = 0;
  for (const double each : differences) better += each == 0 ? 0.5 : (each > 0) == higher_is_better ? 1 : 0;
  return better / static_cast<double>(differences.size());
}

/// Compares with a tolerance: sums that differ only in their order of addition must count as equal.
bool at_least(double value, double least) { return value >= least - 1e-12 * std::abs(least); }

double p_value(int64_t times, int64_t samples) {
  return static_cast<double>(times + 1) / static_cast<double>(samples + 1);
}

double bootstrap_p_value(const Figures& differences, double difference) {
  if (!std::isfinite(difference)) return 1;
  const auto times = std::count_if(differences.begin(), differences.end(), [&](double each) {
    return at_least(std::abs(each - difference), std::abs(difference));
  });
  return p_value(times, std::ssize(differences));
}

/// Exchanges the outputs of some sentences, and returns the difference of the figures.
class Exchange {
 public:
  Exchange(const OutputTables& tables, std::span<const int64_t> sentences)
      : tables_(tables), sentences_(sentences), columns_(tables.first.metric().size()) {
    first_ = second_ = Counts(columns_);
    for (const int64_t sentence : sentences) {
      for (std::size_t i = 0; i < columns_; ++i) {
        first_[i] += tables_.first[sentence][i];
        second_[i] += (*tables_.second)[sentence][i];
      }
    }
  }

  double difference(const RandomStream& stream, uint64_t shuffle) const {
    constexpr std::size_t bits = 128;
    Counts moved(columns_);  // gains of the first output, and losses of the second
    std::array<uint32_t, 4> words{};
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      if (i % bits == 0) words = stream.draw(shuffle, static_cast<uint32_t>(i / bits));
      if ((words[i % bits / 32] >> (i % 32) & 1U) == 0) continue;
      const auto first = tables_.first[sentences_[i]], second = (*tables_.second)[sentences_[i]];
      for (std::size_t column = 0; column < columns_; ++column) moved[column] += second[column] - first[column];
    }
    auto first = first_, second = second_;
    for (std::size_t column = 0; column < columns_; ++column) {
      first[column] += moved[column];
      second[column] -= moved[column];
    }
    const auto& metric = tables_.first.metric();
    return difference_of(metric.figure(first), metric.figure(second));
  }

 private:
  const OutputTables& tables_;
  std::span<const int64_t> sentences_;
  std::size_t columns_;
  Counts first_, second_;  // sums over all sentences before the exchange
};

double randomization_p_value(const OutputTables& tables, std::span<const int64_t> sentences, double difference,
                             const ResamplingOptions& options) {
  if (!std::isfinite(difference)) return 1;
  const Exchange exchange(tables, sentences);
  const RandomStream stream(options.seed, Purpose::shuffle);
  int64_t times = 0;
  for (int64_t i = 0; i < options.samples; ++i) {
    const double shuffled = exchange.difference(stream, static_cast<uint64_t>(i));
    if (at_least(std::abs(shuffled), std::abs(difference))) ++times;
  }
  return p_value(times, options.samples);
}

void count_wins(PairedTest& test, const OutputTables& tables, std::span<const int64_t> sentences) {
  for (const int64_t sentence : sentences) {
    const double first = tables.first.sentence_figure(sentence), second = tables.second->sentence_figure(sentence);
    if (first == second) {
      ++test.equal;
    } else {
      ++((second > first) == tables.kind->higher_is_better ? test.second_wins : test.first_wins);
    }
  }
}

}  // namespace

std::span<const double> CountTable::operator[](int64_t sentence) const {
  const auto columns = metric_->size();
  return std::span(values_).subspan(static_cast<std::size_t>(sentence) * columns, columns);
}

Counts CountTable::sums(std::span<const int64_t> sentences) const {
  Counts sums(metric_->size());
  for (const int64_t sentence : sentences) {
    const auto row = (*this)[sentence];
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += row[i];
  }
  return sums;
}

std::vector<PairedTest> paired_tests(std::span<const OutputTables> tables, std::span<const int64_t> sentences,
                                     const ResamplingOptions& options, const std::function<void(int64_t)>& done) {
  const auto sets = draw_sets(tables, sentences, options, done);
  std::vector<PairedTest> tests;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    auto& test = tests.emplace_back();
    test.first = {tables[i].first.figure(sentences), percentiles(sets.first[i], options.level)};
    if (!tables[i].second) continue;
    test.second = {tables[i].second->figure(sentences), percentiles(sets.second[i], options.level)};
    const auto differences = differences_of(sets.first[i], sets.second[i]);
    test.difference = {difference_of(test.first.value, test.second.value), percentiles(differences, options.level)};
    test.second_better = share_better(differences, tables[i].kind->higher_is_better);
    test.bootstrap_p = bootstrap_p_value(differences, test.difference.value);
    test.randomization_p = randomization_p_value(tables[i], sentences, test.difference.value, options);
    count_wins(test, tables[i], sentences);
  }
  return tests;
}

}  // namespace seq2seq::metrics
