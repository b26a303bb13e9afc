#pragma once

#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// SHA-256 of the contents of the files of each set; empty for a missing set.
struct DataDigests {
  std::string train, validation, test;
  bool operator==(const DataDigests&) const = default;
};
DataDigests data_digests(const data::DataOptions& options);
/// Returns the digest of the training text. It is also stored with prepared text, so that a large text need not be read
/// for it.
std::string train_digest(const data::DataOptions& options);
/// Returns all three digests; `train` is the one of the training text.
DataDigests data_digests(const data::DataOptions& options, const std::string& train);

/// Returns one error for each set with contents that have changed since the run.
std::vector<Error> different_data(const DataDigests& run, const DataDigests& now, const data::DataOptions& options);

/// Returns the first 12 digits of a digest, or `none` for an empty one, for messages.
std::string short_digest(const std::string& digest);

/// Identity of a result: SHA-256 of the keys that can change the result, the contents of the data, and `numerics`.
std::string run_digest(const Configuration& configuration, const DataDigests& data);
/// As above; `keys`: from config::digest_text().
std::string run_digest(const std::string& keys, const DataDigests& data);

}  // namespace seq2seq::run
