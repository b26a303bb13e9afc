#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace seq2seq {

/// The folder that `path` lies in; `.` for a name alone.
std::filesystem::path folder_of(const std::filesystem::path& path);

/// A name beside `path`, always the same: the next call finds and overwrites what a killed process left there. Endings:
/// `partial`, `replaced`, `offsets`, `provisional`.
std::filesystem::path temporary_beside(const std::filesystem::path& path, std::string_view ending);

/// The number of an open descriptor of this process that `path` names: `/dev/stdout`, `/dev/fd/5`, links to them.
std::optional<int> own_descriptor(const std::filesystem::path& path);

/// What writing to a path changes.
struct FileTarget {
  enum class Kind {
    absent,         // a new file
    one_name,       // a file that a new one may replace
    several_names,  // hard links: a new file would have one of the names, the old text would keep the others
    stream,         // a pipe, a device, a descriptor: written straight through
    folder,
  };
  std::filesystem::path file;  // behind symbolic links
  Kind kind = Kind::absent;
};
/// Throws Error naming `path` where its links lead in a circle or it cannot be looked at.
FileTarget find_target(const std::filesystem::path& path);

}  // namespace seq2seq
