#include "seq2seq/cli/working_directory.h"

#include <array>
#include <climits>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include "seq2seq/core/working_directory.h"

namespace seq2seq::cli {

namespace {

// MKL, a part of LibTorch, reads the working directory while the program is loaded, and ends the program if that fails:
// if the folder was deleted, or its path is longer than 4,096 characters. So the program changes to `/` before any
// library is initialized (.preinit_array) and back before `main`.
int directory_left = -1;

void step_aside() {
  std::array<char, PATH_MAX> path{};
  if (::getcwd(path.data(), path.size()) != nullptr) return;
  directory_left = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_left >= 0) [[maybe_unused]]
    const int moved = ::chdir("/");
}

[[gnu::constructor]] void step_back() {
  if (directory_left < 0) return;
  [[maybe_unused]] const int moved = ::fchdir(directory_left);
  ::close(directory_left);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const before_libraries)() = step_aside;

}  // namespace

std::optional<Error> lost_directory(const std::exception& fault) {
  std::filesystem::path path;
  if (const auto* error = dynamic_cast<const Error*>(&fault)) {
    path = error->place().file;
    if (path.empty() || path.string().front() == '<') return std::nullopt;  // `<stdin>`
  } else if (const auto* system = dynamic_cast<const std::filesystem::filesystem_error*>(&fault)) {
    path = system->path1();
  } else {
    return std::nullopt;
  }
  std::error_code unknown;
  if (path.is_absolute() || std::filesystem::exists(path, unknown) || !working_directory_is_gone()) return std::nullopt;
  return working_directory_error(path);
}

}  // namespace seq2seq::cli
