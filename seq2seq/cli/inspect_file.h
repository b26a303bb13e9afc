#pragma once

#include <filesystem>
#include <iosfwd>

#include "seq2seq/run/run.h"

namespace seq2seq::cli {

/// Identifies a file by its contents and describes it: a configuration, a study, a vocabulary, weights, a JSON or JSON
/// Lines file of this program, ... Throws Error for a file of unknown type.
void inspect_file(std::ostream& out, const std::filesystem::path& file, const run::Registries& registries);

/// Describes a checkpoint `RUN/checkpoints/UPDATE`, and verifies its checksums.
void inspect_checkpoint(std::ostream& out, const std::filesystem::path& folder, int64_t update);

}  // namespace seq2seq::cli
