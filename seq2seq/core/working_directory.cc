#include "seq2seq/core/working_directory.h"

#include <system_error>

namespace seq2seq {

bool working_directory_is_gone() {
  std::error_code reason;
  [[maybe_unused]] const auto path = std::filesystem::current_path(reason);
  return reason == std::errc::no_such_file_or_directory;
}

Error working_directory_error(const std::filesystem::path& path) {
  return {Place{.file = path.string()}, "the working directory was deleted, so relative paths cannot be resolved",
          "Change to an existing folder, or use absolute paths"};
}

}  // namespace seq2seq
