#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/run/digest.h"
#include "seq2seq/run/run.h"

namespace seq2seq::study {

/// One of the three sets of a run: the digest of its text, and its path relative to the study's folder.
struct TextMark {
  std::string path;                    // `../../data/g2p/train.source`; empty: the configuration has no such set
  std::string sha256;                  // of the content; empty if the text is missing
  std::vector<std::string> missing{};  // its missing files, relative to the study's folder
  bool here() const { return path.empty() || !sha256.empty(); }
};

/// Identifies a run of a study, independently of the study, the author and the time.
struct Identity {
  std::string training;  // SHA-256 of all that can change the trained parameters: runs with the same value train once
  std::string result;    // SHA-256 of all that can change its figures, including search and test set
  std::string keys;      // SHA-256 of only the keys, for a machine without the texts
  TextMark train, validation, test;
  bool texts_here() const { return train.here() && validation.here() && test.here(); }
};

/// Identifies an ensemble: by search and test set of `own`, and the training of each member.
Identity ensemble_identity(Identity own, const std::vector<Identity>& members);

/// The files of a set, and a key that no other choice of files has.
struct TextFiles {
  std::vector<std::filesystem::path> files;
  std::string key;
};

/// Identifies runs; reads each text once. If a text of a run is missing, `training` and `result` are empty.
class Identifier {
 public:
  /// Paths are relative to `folder`, the study's folder.
  explicit Identifier(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Identity identify(const run::Configuration& configuration);

 private:
  TextMark mark(const TextFiles& text, const std::function<std::string()>& digest);

  std::filesystem::path folder_;
  std::map<std::string, std::string> known_;  // from the key of a set's files to the digest of their content
};

/// Returns the files of all sets that a configuration names.
std::vector<std::filesystem::path> texts_of(const data::DataOptions& data);

/// Returns the SHA-256 of all that can change the trained parameters of a configuration on texts of these digests.
std::string training_digest(const run::Configuration& configuration, const run::DataDigests& data);

}  // namespace seq2seq::study
