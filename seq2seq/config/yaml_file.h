#pragma once

#include <filesystem>
#include <string>

namespace seq2seq::config {

/// Returns the bytes of a YAML file that a user wrote. Throws a UsageError that names the file if it cannot be read, if
/// it is a folder, a pipe or a device, or if it is longer than 16 MiB: another file given by mistake must not fill the
/// memory.
std::string read_yaml_file(const std::filesystem::path& file);

}  // namespace seq2seq::config
