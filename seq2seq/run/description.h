#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/device.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/digest.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

inline constexpr int run_format_version = 2;

/// One call of `train`: the first, or a `--resume`.
struct SessionDescription {
  std::string started;  // UTC, ISO 8601
  std::string program;  // Version::text()
  int64_t from_update = 0;
  Machine machine;
  int64_t processes = 1;  // number of processes that trained together
  std::string launch{};   // the launch that started them, from parallel::Launch::id
};

/// Vocabulary and tokenizer model of a run's weights.
struct VocabularyMark {
  int64_t size = 0;  // specials included
  std::string sha256;
  std::string tokenizer_sha256;  // empty for a tokenizer that does not learn
  bool operator==(const VocabularyMark&) const = default;
};
VocabularyMark mark_of(const text::Vocabulary& vocabulary, const std::string& tokenizer_model);
std::vector<VocabularyMark> marks_of(const std::vector<text::Vocabulary>& vocabularies);

/// Source of a run's initial weights (`--init-from`).
struct InitialWeights {
  std::filesystem::path run;
  int64_t update = 0;
  std::string sha256;  // of the weights file
};

/// The contents of `run.json`: identity, origin and machine of a run.
struct RunDescription {
  std::filesystem::path folder{};  // absolute; of the run when its configuration was written
  std::string program, commit;
  bool dirty = false;
  std::string created;  // UTC, ISO 8601
  uint64_t seed = 1;
  int numerics = 0;
  std::string digest;
  /// SHA-256 of config.yaml; two after a resume was killed while it replaced the file, none in runs of older programs.
  std::vector<std::string> configurations{};
  DataDigests data;
  VocabularyMark source, target;
  std::vector<VocabularyMark> factors{};                    // of the source
  std::string target_counts{};                              // SHA-256 of the file of counts; empty if there is none
  std::vector<std::pair<std::string, int64_t>> parameters;  // by part
  std::optional<InitialWeights> init_from;
  std::vector<SessionDescription> sessions;  // in the order of the calls of `train`

  int64_t parameters_in_all() const;
  /// Returns true if any program that trained the run was built with uncommitted changes.
  bool trained_by_dirty_program() const;
};

/// `{"format": "seq2seq run", "version": 2, ...}`
std::string serialize(const RunDescription& description);
/// Throws FormatError if the text is not JSON, has another format or version, or a field is missing or has the wrong
/// type.
RunDescription parse_description(const std::string& text, const std::filesystem::path& file);
/// Throws Error if this is not a run folder.
RunDescription read_description(const Files& files, const RunFolder& folder);
/// Throws FormatError if the run's configuration file is not the one that `train` wrote. Runs of older programs have no
/// digest of it and pass.
void check_configuration(const Files& files, const RunFolder& folder, const RunDescription& description);
/// Returns the description of a run that is going to be used. Throws Error if this is not a run folder, and FormatError
/// if the configuration file was changed.
RunDescription open_description(const Files& files, const RunFolder& folder);
/// Returns the folder in which a run's configuration file was written, if the run was moved since. Empty for other
/// files, and for runs without an intact description.
std::filesystem::path former_folder(const std::filesystem::path& config);
void write_description(Files& files, const RunFolder& folder, const RunDescription& description);
/// Replaces the configuration file of a run. The description names both versions until the new one is complete, so that
/// a killed process leaves a run that can be opened. The caller writes the description that this returns.
RunDescription replace_configuration(Files& files, const RunFolder& folder, const std::string& text,
                                     RunDescription description);

/// Describes a session of this program on `machine` that starts now.
SessionDescription session_now(const Machine& machine, int64_t from_update);

/// Returns one line for each reason why a run that continues on `now` can differ from the uninterrupted one.
std::vector<std::string> reasons_for_inexact_resume(const Machine& then, const Machine& now);

}  // namespace seq2seq::run
