#include "seq2seq/core/file_target.h"

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"

namespace seq2seq {

namespace {

constexpr int kMostLinks = 40;  // the kernel's limit

/// Returns the target of the symbolic link `path`; no value if it is not a link.
std::optional<fs::path> next_link(const fs::path& path) {
  std::error_code none;
  const auto next = fs::read_symlink(path, none);
  if (none) return std::nullopt;
  return next.is_absolute() ? next : folder_of(path) / next;
}

/// Follows all symbolic links of the last name, whether the final file exists or not.
fs::path follow_links(const fs::path& path) {
  fs::path at = path;
  for (int links = 0; links <= kMostLinks; ++links) {
    const auto next = next_link(at);
    if (!next) return at;
    at = *next;
  }
  throw file_error(path, "written", ELOOP);
}

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

FileTarget::Kind kind_of(const fs::path& file, const struct stat& status) {
  using Kind = FileTarget::Kind;
  if (S_ISDIR(status.st_mode)) return Kind::folder;
  struct stat behind {};
  // A link of /proc may lead to a file without a name, which can be reached only through the link.
  const bool reachable = ::lstat(file.c_str(), &behind) == 0 && same_file(status, behind);
  if (!S_ISREG(status.st_mode) || !reachable) return Kind::stream;
  return status.st_nlink > 1 ? Kind::several_names : Kind::one_name;
}

}  // namespace

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

fs::path temporary_beside(const fs::path& path, std::string_view ending) {
  return folder_of(path) / fmt::format(".{}.{}", path.filename().string(), ending);
}

std::optional<int> own_descriptor(const fs::path& path) {
  fs::path at = path;
  for (int links = 0; links <= kMostLinks; ++links) {
    const auto next = next_link(at);
    if (!next) return std::nullopt;  // descriptors are links, so `at` is none
    const auto name = at.filename().string();
    int number = -1;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
    std::error_code other;
    if (fault == std::errc() && end == name.data() + name.size() && number >= 0 &&
        fs::equivalent(folder_of(at), "/proc/self/fd", other) && !other)
      return number;
    at = *next;
  }
  return std::nullopt;
}

FileTarget find_target(const fs::path& path) {
  if (own_descriptor(path)) return {.file = path, .kind = FileTarget::Kind::stream};
  FileTarget target{.file = follow_links(path), .kind = FileTarget::Kind::absent};
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    target.kind = kind_of(target.file, status);
    if (target.kind == FileTarget::Kind::stream) target.file = path;
  } else if (errno != ENOENT && errno != ENOTDIR) {
    throw file_error(path, "written", errno);
  }
  return target;
}

}  // namespace seq2seq
