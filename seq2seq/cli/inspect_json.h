#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>

#include "seq2seq/run/run.h"

namespace seq2seq::cli {

/// Describes a JSON or JSON Lines file of this program. Returns false for other files. `first_line`: of the file.
/// Throws FormatError for a damaged file.
bool inspect_json(std::ostream& out, const std::filesystem::path& file, std::string_view first_line,
                  const run::Registries& registries);

/// Describes the table of a study, `table.json`.
void inspect_table(std::ostream& out, const std::filesystem::path& json);

}  // namespace seq2seq::cli
