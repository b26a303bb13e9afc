#pragma once

#include <filesystem>
#include <iosfwd>

namespace seq2seq::cli {

/// Prints the record of a study's run: which row and seed, its figures, how it was trained, on what, and examples.
/// Throws FormatError for what is no record.
void inspect_record(std::ostream& out, const std::filesystem::path& json);

}  // namespace seq2seq::cli
