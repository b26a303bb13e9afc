#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace seq2seq {

/// Returns the bytes that this process can still take: those that the kernel calls available, or fewer where a
/// container limits memory. Empty if the system does not say. `root`: where /proc and /sys lie.
std::optional<int64_t> available_memory(const std::filesystem::path& root = "/");

}  // namespace seq2seq
