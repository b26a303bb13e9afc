#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace seq2seq {

/// Returns the parent folder of `path`; `.` for a name without one.
std::filesystem::path folder_of(const std::filesystem::path& path);

/// Returns a fixed name beside `path`: the next call finds and overwrites the leftovers of a killed process. Endings:
/// `partial`, `replaced`, `offsets`, `provisional`.
std::filesystem::path temporary_beside(const std::filesystem::path& path, std::string_view ending);

/// Returns the number of an open descriptor of this process if `path` names one: `/dev/stdout`, `/dev/fd/5`, links to
/// them.
std::optional<int> own_descriptor(const std::filesystem::path& path);

/// Target of writing to a path.
struct FileTarget {
  enum class Kind {
    absent,         // a new file
    one_name,       // a file that a new one may replace
    several_names,  // hard links: a new file would replace only one of the names
    stream,         // a pipe, a device, a descriptor: written directly
    folder,
  };
  std::filesystem::path file;  // after symbolic links
  Kind kind = Kind::absent;
};
/// Throws Error naming `path` if its links form a cycle or it cannot be accessed.
FileTarget find_target(const std::filesystem::path& path);

}  // namespace seq2seq
