#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/data/prepare/prepare.h"
#include "seq2seq/run/environment.h"

namespace seq2seq::run {

/// Returns the required content of the folder `data.prepared` of a configuration. `configuration` and `environment`
/// must outlive it.
data::PrepareJob prepare_job(const Configuration& configuration, const Environment& environment);

struct PreparedText {
  data::PreparedFolder folder;
  data::Summary summary;
};
/// Prepares the text of a configuration. Throws UsageError if it sets no folder for prepared text.
PreparedText prepare(const std::filesystem::path& config, const std::vector<config::Override>& overrides,
                     const Environment& environment);

/// Prints the summary for people.
void describe(std::ostream& out, const data::PreparedFolder& folder, const data::Summary& summary);

}  // namespace seq2seq::run
