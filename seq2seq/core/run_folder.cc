#include "seq2seq/core/run_folder.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "seq2seq/core/error.h"

namespace seq2seq {

RunFolder::RunFolder(std::filesystem::path root) : root_(std::move(root)) {
  root_ = root_.lexically_normal();
  if (!root_.has_filename() && root_.has_parent_path() && root_ != root_.root_path()) root_ = root_.parent_path();
}

std::filesystem::path RunFolder::absolute_root() const {
  std::error_code gone;  // a deleted working directory: the path stays relative
  const auto absolute = std::filesystem::absolute(root_, gone);
  return gone ? root_ : absolute.lexically_normal();
}

std::filesystem::path RunFolder::checkpoint(int64_t update) const { return checkpoints() / std::to_string(update); }

std::vector<int64_t> RunFolder::updates() const {
  std::vector<int64_t> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints(), absent)) {
    const std::string name = entry.path().filename().string();
    int64_t update = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), update);
    const bool whole = fault == std::errc() && end == name.data() + name.size() && name == std::to_string(update);
    std::error_code gone;
    if (whole && update >= 0 && entry.is_directory(gone)) found.push_back(update);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool RunFolder::holds_run() const {
  std::error_code unreadable;
  return std::filesystem::exists(description(), unreadable);
}

RunLock::RunLock(const RunFolder& folder)
    : lock_(folder.root() / "lock", [&folder](const std::string& holder) {
        throw Error(Place{.file = folder.root().string()}, holder + " is using this run",
                    "Wait until it ends, or use another folder");
      }) {}

}  // namespace seq2seq
