#pragma once

#include <filesystem>
#include <iosfwd>

#include "seq2seq/run/run.h"

namespace seq2seq::cli {

/// Describes a YAML file of this program: a configuration, a study, a machine for `plan`, or a placement. Returns false
/// if it has none of their keys. Throws UsageError with all errors of the file.
bool inspect_yaml(std::ostream& out, const std::filesystem::path& file, const run::Registries& registries);

}  // namespace seq2seq::cli
