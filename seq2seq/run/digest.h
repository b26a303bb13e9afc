#pragma once

#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// SHA-256 of the contents of the files of each set; empty for a set that the configuration does not name.
struct DataDigests {
  std::string train, validation, test;
  bool operator==(const DataDigests&) const = default;
};
DataDigests data_digests(const data::DataOptions& options);
/// Of the training text: what was prepared knows it, so that a large text is not read only for it.
std::string train_digest(const data::DataOptions& options);
/// All three, where the training text's is known.
DataDigests data_digests(const data::DataOptions& options, const std::string& train);

/// One fault for each set whose contents are not those the run saw.
std::vector<Error> different_data(const DataDigests& run, const DataDigests& now, const data::DataOptions& options);

/// What identifies a result: SHA-256 of the keys that can change one, the data's contents, and `numerics`.
std::string run_digest(const Configuration& configuration, const DataDigests& data);

}  // namespace seq2seq::run
