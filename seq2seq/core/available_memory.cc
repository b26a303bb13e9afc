#include "seq2seq/core/available_memory.h"

#include <algorithm>
#include <fstream>
#include <ios>
#include <limits>
#include <string>
#include <string_view>

namespace seq2seq {
namespace {

/// Returns the number of a line `name number ...` in a file.
std::optional<int64_t> entry_of(const std::filesystem::path& file, std::string_view wanted) {
  std::ifstream lines(file);
  for (std::string name; lines >> name;) {
    int64_t number = 0;
    if (name == wanted && lines >> number) return number;
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

/// Returns `MemAvailable:   123 kB` of /proc/meminfo, in bytes.
std::optional<int64_t> of_kernel(const std::filesystem::path& meminfo) {
  constexpr int64_t kib = 1024;
  const auto available = entry_of(meminfo, "MemAvailable:");
  return available ? std::optional(kib * *available) : std::nullopt;
}

/// Returns the number in a file; no value for any other text, such as `max`.
std::optional<int64_t> number_in(const std::filesystem::path& file) {
  std::ifstream text(file);
  int64_t number = 0;
  return text >> number ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<int64_t> available_memory(const std::filesystem::path& root) {
  auto available = of_kernel(root / "proc/meminfo");
  const auto groups = root / "sys/fs/cgroup";
  const auto limit = number_in(groups / "memory.max"), used = number_in(groups / "memory.current");
  if (!limit || !used) return available;
  // The kernel drops pages of files that nobody used lately before it refuses memory.
  const int64_t reclaimable = entry_of(groups / "memory.stat", "inactive_file").value_or(0);
  const int64_t left = std::max<int64_t>(0, *limit - *used + reclaimable);
  return std::min(available.value_or(left), left);
}

}  // namespace seq2seq
