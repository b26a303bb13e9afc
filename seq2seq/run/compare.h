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

/// Text files, line by line; each may be plain, compressed or a pipe, and is read once. Line n of each belongs to
/// sentence n.
struct CompareFiles {
  std::filesystem::path first;
  std::optional<std::filesystem::path> second;    // another output of the same text
  std::vector<std::filesystem::path> references;  // if there are several, an empty line is not a reference
  std::optional<std::filesystem::path> source;
  std::optional<std::filesystem::path> frequencies;  // text whose word counts give `SentenceOrder::rank`
};

/// Order of sentences, by the words of the source or, without one, of the first reference. `length`: number of words.
/// `rank`: mean rank of the words by frequency, 1 for the most frequent (Sutskever et al. 2014, figure 3).
enum class SentenceOrder { length, rank };

struct CompareOptions {
  std::vector<std::string> metrics;  // of metrics/metric.h; the first one selects the examples
  metrics::MetricOptions options;
  metrics::ResamplingOptions resampling;
  std::vector<SentenceOrder> orders;
  int64_t groups = 8;    // groups per order, of about equal size
  int64_t examples = 3;  // of each kind
};

/// A sentence on which one output is better than the other.
struct ComparedSentence {
  int64_t line = 0;  // counted from 1
  double first_figure = 0, second_figure = 0;
  std::string first, second, source;  // source: empty if there is none
  std::vector<std::string> references;
};

struct SentenceGroup {
  double least = 0, most = 0, mean = 0;  // of the value that orders the sentences
  int64_t sentences = 0;
  std::vector<metrics::PairedTest> tests;  // by metric
};
struct GroupedSentences {
  SentenceOrder order = SentenceOrder::length;
  std::vector<SentenceGroup> groups;  // sentences with equal values are in the same group
};

struct Comparison {
  int64_t sentences = 0, most_references = 0;
  std::vector<const metrics::MetricKind*> metrics;
  std::vector<std::string> signatures, first_texts, second_texts;  // by metric; texts in the format of other programs
  std::vector<metrics::PairedTest> tests;                          // by metric
  std::vector<ComparedSentence> second_wins, first_wins;           // largest difference first
  std::vector<GroupedSentences> grouped;                           // in the order of `CompareOptions::orders`
};

/// Compares outputs. Calls `done` with the number of lines read so far. Throws Error for a file that cannot be read, is
/// not UTF-8, has no lines, or does not have as many lines as the first file.
Comparison compare(const CompareFiles& files, const CompareOptions& options,
                   const std::function<void(int64_t)>& done = {});

}  // namespace seq2seq::run
