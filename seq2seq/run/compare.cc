#include "seq2seq/run/compare.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/data/input/unequal_lines.h"
#include "seq2seq/metrics/words.h"
#include "seq2seq/run/sentence_groups.h"

namespace seq2seq::run {

namespace {

/// The lines of one sentence.
struct SentenceLines {
  std::string first, second, source;
  std::vector<std::string> references;  // non-empty ones, if there are several
};

/// Files that are read in parallel and must have the same number of lines.
class SideBySide {
 public:
  void add(const std::filesystem::path& file) {
    readers_.push_back(std::make_unique<data::LineReader>(data::open_bytes(file), file.string()));
    lines_.emplace_back();
  }

  bool next() {
    std::size_t found = 0;
    for (std::size_t i = 0; i < readers_.size(); ++i) found += readers_[i]->next(lines_[i]) ? 1 : 0;
    if (found > 0 && found < readers_.size()) refuse();
    return found > 0;
  }

  const std::string& line(std::size_t file) const { return lines_[file]; }
  int64_t read() const { return readers_.front()->lines(); }

 private:
  [[noreturn]] void refuse() {
    for (std::size_t i = 0; i < readers_.size(); ++i)
      while (readers_[i]->next(lines_[i])) {
      }
    const auto& first = *readers_.front();
    const auto other =
        std::ranges::find_if(readers_, [&first](const auto& reader) { return reader->lines() != first.lines(); });
    throw data::unequal_lines({(*other)->file(), (*other)->lines()}, {first.file(), first.lines()},
                              "line n of each file belongs to sentence n");
  }

  std::vector<std::unique_ptr<data::LineReader>> readers_;
  std::vector<std::string> lines_;
};

/// The sentences with the largest gain of one output; of equal gains, the longest.
class Examples {
  using Weight = std::pair<double, double>;  // gain, words

 public:
  explicit Examples(int64_t most) : most_(static_cast<std::size_t>(most)) {}

  void offer(double gain, double words, const SentenceLines& lines, const ComparedSentence& figures) {
    const Weight weight{gain, words};
    if (gain <= 0 || most_ == 0 || (kept_.size() == most_ && weight <= kept_.back().first)) return;
    auto sentence = figures;
    sentence.first = lines.first;
    sentence.second = lines.second;
    sentence.source = lines.source;
    sentence.references = lines.references;
    const auto behind =
        std::find_if(kept_.begin(), kept_.end(), [&weight](const auto& other) { return other.first < weight; });
    kept_.insert(behind, {weight, std::move(sentence)});
    if (kept_.size() > most_) kept_.pop_back();
  }

  std::vector<ComparedSentence> take() {
    std::vector<ComparedSentence> sentences;
    for (auto& each : kept_) sentences.push_back(std::move(each.second));
    return sentences;
  }

 private:
  std::size_t most_;
  std::vector<std::pair<Weight, ComparedSentence>> kept_;  // the largest weights first
};

class Comparer {
 public:
  Comparer(const CompareFiles& files, const CompareOptions& options)
      : files_(files), options_(options), second_wins_(options.examples), first_wins_(options.examples) {
    for (const auto& name : options.metrics) {
      const auto* kind = metrics::find_metric(name);
      const std::shared_ptr<const metrics::Metric> metric = kind->make(options.options);
      tables_.push_back({kind, metrics::CountTable(metric), std::nullopt});
      if (files.second) tables_.back().second.emplace(metric);
    }
    lines_.add(files.first);
    if (files.second) lines_.add(*files.second);
    for (const auto& file : files.references) lines_.add(file);
    if (files.source) lines_.add(*files.source);
  }

  Comparison run(const std::function<void(int64_t)>& done) {
    while (lines_.next()) {
      count(sentence());
      if (done) done(lines_.read());
    }
    if (lengths_.empty()) throw Error(Place{.file = files_.first.string()}, "is empty; at least one line is expected");
    Comparison comparison;
    comparison.sentences = std::ssize(lengths_);
    comparison.most_references = static_cast<int64_t>(*reference_counts_.rbegin());
    std::vector<int64_t> all(lengths_.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    comparison.tests = metrics::paired_tests(tables_, all, options_.resampling);
    describe(comparison, all);
    comparison.second_wins = second_wins_.take();
    comparison.first_wins = first_wins_.take();
    for (const auto order : options_.orders) comparison.grouped.push_back(grouped(order));
    return comparison;
  }

 private:
  SentenceLines sentence() const {
    SentenceLines sentence;
    std::size_t file = 0;
    sentence.first = lines_.line(file++);
    if (files_.second) sentence.second = lines_.line(file++);
    for (std::size_t i = 0; i < files_.references.size(); ++i, ++file)
      if (!lines_.line(file).empty()) sentence.references.push_back(lines_.line(file));
    if (sentence.references.empty()) sentence.references.emplace_back();
    if (files_.source) sentence.source = lines_.line(file);
    return sentence;
  }

  void count(const SentenceLines& lines) {
    for (auto& table : tables_) {
      table.first.add(table.first.metric().count(lines.first, lines.references));
      if (table.second) table.second->add(table.first.metric().count(lines.second, lines.references));
    }
    const auto& ordered = files_.source ? lines.source : lines.references.front();
    lengths_.push_back(static_cast<double>(metrics::split_words(ordered).size()));
    if (std::find(options_.orders.begin(), options_.orders.end(), SentenceOrder::rank) != options_.orders.end())
      ranks_.add_line(ordered);
    reference_counts_.insert(lines.references.size());
    if (files_.second) offer_example(lines);
  }

  void offer_example(const SentenceLines& lines) {
    const auto& table = tables_.front();
    const int64_t place = std::ssize(lengths_) - 1;
    ComparedSentence sentence;
    sentence.line = place + 1;
    sentence.first_figure = table.first.sentence_figure(place);
    sentence.second_figure = table.second->sentence_figure(place);
    const double gain = (table.kind->higher_is_better ? 1 : -1) * (sentence.second_figure - sentence.first_figure);
    second_wins_.offer(gain, lengths_.back(), lines, sentence);
    first_wins_.offer(-gain, lengths_.back(), lines, sentence);
  }

  void describe(Comparison& comparison, const std::vector<int64_t>& all) const {
    metrics::References numbers;  // as many references as sentences have
    for (const std::size_t count : reference_counts_) numbers.emplace_back(count);
    for (const auto& table : tables_) {
      comparison.metrics.push_back(table.kind);
      comparison.signatures.push_back(metrics::signature(numbers, table.first.metric().settings()));
      comparison.first_texts.push_back(table.first.text(all));
      if (table.second) comparison.second_texts.push_back(table.second->text(all));
    }
  }

  GroupedSentences grouped(SentenceOrder order) const {
    GroupedSentences grouped{order, {}};
    const auto values = order == SentenceOrder::length ? lengths_ : ranks_.mean_ranks(files_.frequencies);
    const auto value = [&values](int64_t place) { return values[static_cast<std::size_t>(place)]; };
    for (auto& sentences : group_by(values, options_.groups)) {
      auto& group = grouped.groups.emplace_back();
      group.least = value(sentences.front());
      group.most = value(sentences.back());
      for (const int64_t sentence : sentences) group.mean += value(sentence) / static_cast<double>(sentences.size());
      group.sentences = std::ssize(sentences);
      std::sort(sentences.begin(), sentences.end());  // so that one group of all sentences has the figures of the text
      group.tests = metrics::paired_tests(tables_, sentences, options_.resampling);
    }
    return grouped;
  }

  const CompareFiles& files_;
  const CompareOptions& options_;
  SideBySide lines_;
  std::vector<metrics::OutputTables> tables_;
  std::vector<double> lengths_;
  WordRanks ranks_;
  std::set<std::size_t> reference_counts_;
  Examples second_wins_, first_wins_;
};

}  // namespace

Comparison compare(const CompareFiles& files, const CompareOptions& options, const std::function<void(int64_t)>& done) {
  return Comparer(files, options).run(done);
}

}  // namespace seq2seq::run
