#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/data/prepare/prepare.h"
#include "seq2seq/run/environment.h"

namespace seq2seq::run {

/// What the folder `data.prepared` of a configuration is to hold. `configuration` and `environment` must outlive it.
data::PrepareJob prepare_job(const Configuration& configuration, const Environment& environment);

struct PreparedText {
  data::PreparedFolder folder;
  data::Summary summary;
};
/// Prepares the text of a configuration. Throws UsageError when it names no folder for it.
PreparedText prepare(const std::filesystem::path& config, const std::vector<config::Override>& overrides,
                     const Environment& environment);

/// What the summary says, for people.
void describe(std::ostream& out, const data::PreparedFolder& folder, const data::Summary& summary);

}  // namespace seq2seq::run
