#include "seq2seq/core/available_memory.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace seq2seq {
namespace {

/// Returns `MemAvailable:   123 kB` of /proc/meminfo, in bytes.
std::optional<int64_t> of_kernel(const std::filesystem::path& meminfo) {
  constexpr int64_t kib = 1024;
  std::ifstream lines(meminfo);
  for (std::string name; lines >> name;) {
    int64_t number = 0;
    if (name == "MemAvailable:" && lines >> number) return number * kib;
    lines.ignore(256, '\n');
  }
  return std::nullopt;
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
  const int64_t left = std::max<int64_t>(0, *limit - *used);
  return std::min(available.value_or(left), left);
}

}  // namespace seq2seq
