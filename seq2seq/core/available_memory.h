#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace seq2seq {

/// Returns the bytes that this process can still allocate: those that the kernel reports as available, or fewer if a
/// container limits memory. No value if the system does not report them. `root`: folder of /proc and /sys.
std::optional<int64_t> available_memory(const std::filesystem::path& root = "/");

}  // namespace seq2seq
