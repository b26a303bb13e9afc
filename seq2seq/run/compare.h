#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/paired_test.h"

namespace seq2seq::run {

/// Files of text, line by line; each plain, packed or a pipe, and read once. Line n of each belongs to sentence n.
struct CompareFiles {
  std::filesystem::path first;
  std::optional<std::filesystem::path> second;    // another output of the same text
  std::vector<std::filesystem::path> references;  // of several, an empty line is no reference
  std::optional<std::filesystem::path> source;
  std::optional<std::filesystem::path> frequencies;  // a text whose words are counted for `SentenceOrder::rank`
};

/// Order of sentences: their words, of the source or else of the first reference, or the mean rank of these
/// words by frequency, 1 for the most frequent (Sutskever et al. 2014, figure 3).
enum class SentenceOrder { length, rank };

struct CompareOptions {
  std::vector<std::string> metrics;  // of metrics/metric.h; examples go by the first
  metrics::MetricOptions options;
  metrics::ResamplingOptions resampling;
  std::vector<SentenceOrder> orders;
  int64_t groups = 8;    // of an order, of about as many sentences
  int64_t examples = 3;  // of each kind
};

/// A sentence on which one output is better than the other.
struct ComparedSentence {
  int64_t line = 0;  // from 1
  double first_figure = 0, second_figure = 0;
  std::string first, second, source;  // source: empty where none was given
  std::vector<std::string> references;
};

struct SentenceGroup {
  double least = 0, most = 0, mean = 0;  // of what the sentences are ordered by
  int64_t sentences = 0;
  std::vector<metrics::PairedTest> tests;  // by metric
};
struct GroupedSentences {
  SentenceOrder order = SentenceOrder::length;
  std::vector<SentenceGroup> groups;  // sentences with equal values are in one
};

struct Comparison {
  int64_t sentences = 0, most_references = 0;
  std::vector<const metrics::MetricKind*> metrics;
  std::vector<std::string> signatures, first_texts, second_texts;  // by metric; texts as other programs print figures
  std::vector<metrics::PairedTest> tests;                          // by metric
  std::vector<ComparedSentence> second_wins, first_wins;           // largest difference first
  std::vector<GroupedSentences> grouped;                           // as `CompareOptions::orders`
};

/// Calls `done` with the lines read so far. Throws Error for a file that cannot be read, is not UTF-8, has no line, or
/// has another number of lines than the first file.
Comparison compare(const CompareFiles& files, const CompareOptions& options,
                   const std::function<void(int64_t)>& done = {});

}  // namespace seq2seq::run
