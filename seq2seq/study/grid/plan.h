#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "seq2seq/core/files.h"
#include "seq2seq/run/run.h"
#include "seq2seq/study/grid/expand.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// A run of a study with its configuration, and its record if there is one.
struct PlannedRun {
  StudyRun run;
  std::shared_ptr<const run::Configuration> configuration;
  Identity identity;
  std::shared_ptr<const Record> record;  // null: none, or none with all metrics of the study
  std::vector<std::string> kept;         // metrics of a record that lacks some: all are measured again
  std::vector<PlannedRun> members{};     // of an ensemble
  bool again = false;                    // to be trained again although it has a record, which is not used
  bool asked_for = true;                 // false: excluded by `--only`; shown in the table, but not trained
  bool to_do() const { return asked_for && !record; }
};

/// A study at one scale, with all its runs.
struct StudyPlan {
  StudySpec spec;
  StudyScale scale;
  std::filesystem::path records;  // folder of records, beside the study's file
  std::filesystem::path runs;     // folder of the runs, which tables do not need if there are records
  std::vector<PlannedRun> planned;

  /// Returns the folder of the tables: `reversal/small` beside `reversal.yaml`.
  std::filesystem::path outputs() const;
};

/// Paths for a run while it is trained and measured.
struct RunPlaces {
  std::filesystem::path folder;   // of the run, named after the digest of its training
  std::filesystem::path lock;     // held by the process that trains or measures it
  std::filesystem::path failure;  // file with the reason of its last failure
  std::filesystem::path retrain;  // exists while the run is to be made again although it has a record
};
RunPlaces places_of(const StudyPlan& plan, const PlannedRun& planned);

struct PlanRequest {
  std::filesystem::path study;
  std::string scale;  // empty: the only one
  std::filesystem::path runs;
  std::vector<std::string> only;  // rows as named in the study or its table (`reversed`, `reversed, low`); empty: all
};
/// Reads the study, checks every configuration, and looks for the records. Throws UsageError with all errors.
StudyPlan make_plan(const PlanRequest& request, const run::Registries& registries, const Files& files, Log& log);

/// Reads the configuration of every run. Throws UsageError with all their errors, each once.
void check_configurations(const std::vector<StudyRun>& runs, const run::Registries& registries);

/// Reads the records again for runs without one, because other processes may have made them. Ignores the old record of
/// a run that is to be made again.
void find_records(StudyPlan& plan, const Files& files, Log& log);

/// Returns the missing texts that runs without a record need.
std::set<std::string> missing_texts(const StudyPlan& plan);

/// Throws UsageError naming the missing texts, and Error for a test set with files of unequal length, which would
/// otherwise be found only after training.
void check_texts(const StudyPlan& plan);

/// Throws Error naming a folder in which records, runs or tables cannot be written.
void check_folders(const StudyPlan& plan);

}  // namespace seq2seq::study
