#pragma once

#include <filesystem>
#include <iosfwd>

namespace seq2seq::cli {

/// Prints the record of a study's run: row and seed, figures, training, data and examples. Throws FormatError if it is
/// not a record.
void inspect_record(std::ostream& out, const std::filesystem::path& json);

}  // namespace seq2seq::cli
