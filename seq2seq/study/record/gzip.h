#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace seq2seq::study {

/// Compresses like `gzip -9n`, always to the same bytes.
std::string gzip(std::string_view bytes);
/// Decompresses. Throws FormatError naming `file` if the data are not gzip, are truncated, or have more than `most`
/// bytes.
std::string gunzip(std::string_view packed, std::size_t most, const std::filesystem::path& file);

}  // namespace seq2seq::study
