#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/device.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/study/record/identity.h"
#include "seq2seq/study/record/sentence_figures.h"

namespace seq2seq::study {

inline constexpr int record_format_version = 1;

/// Validation figures of a run at one update.
struct CurvePoint {
  int64_t update = 0;
  double epoch = 0, seconds = 0;
  std::map<std::string, double> figures;
};

/// Facts of a run's training, from its metrics.jsonl.
struct TrainingFacts {
  int64_t updates = 0;  // made in total
  int64_t update = 0;   // of the measured checkpoint
  double epochs = 0, seconds = 0;
  double words_per_second = 0;             // source and target together, over the whole run
  double largest_norm = 0, mean_norm = 0;  // of gradients before clipping, as sampled in metrics.jsonl
  std::vector<CurvePoint> curve;
};

struct Example {
  std::string source, reference, output;
};

/// All data that are kept of a run after training and measuring: small enough to commit, and enough for every table. A
/// record is two files in `records/` beside the study, named after the first digits of the result's digest:
///   1a2b3c4d5e6f7081.json          identity, origin and figures
///   1a2b3c4d5e6f7081.sentences.gz  contribution of each sentence to the figures
struct Record {
  Identity identity;
  uint64_t seed = 1;
  int numerics = 0;
  std::string cell;  // in the study that made it, for people
  std::string program, commit, created;
  bool dirty = false;  // true if a program with uncommitted changes trained or measured it
  Machine machine;
  std::string processor;
  TrainingFacts training;
  std::vector<std::pair<std::string, int64_t>> parameters;  // by part
  double operations = 0;                                    // of training, see operations.h
  double search_seconds = 0;
  int64_t peak_bytes = 0;  // peak memory of the process that made it
  std::vector<Example> examples;
  std::vector<SentenceFigures> sentences;  // of the test set, in its order

  int64_t parameters_in_all() const;
  /// Returns the measured metrics: those of every record, and those that its study asked for.
  std::vector<std::string> metrics() const;
  /// Returns the figure on the whole test set.
  double figure(const std::string& metric) const;
};

/// Returns true if all of these were measured.
bool has_metrics(const Record& record, const std::vector<std::string>& names);

/// Returns true if the record belongs to a run with this identity. If a text of the run is missing, compares its path
/// instead.
bool is_record_of(const Record& record, const Identity& identity);

/// Returns `1a2b3c4d5e6f7081.json`.
std::string record_name(const Identity& identity);
std::filesystem::path records_folder(const std::filesystem::path& study_file);
/// Writes the sentences first: a record exists once its JSON does.
void write_record(Files& files, const std::filesystem::path& folder, const Record& record);
/// Throws FormatError for a record that is damaged or of another version.
Record read_record(const Files& files, const std::filesystem::path& json);
/// Reads all records, in order of file names. A damaged record is logged and left out.
std::vector<Record> read_records(const Files& files, const std::filesystem::path& folder, Log& log);

}  // namespace seq2seq::study
