#include "seq2seq/core/atomic_file.h"

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/working_directory.h"

namespace seq2seq {

namespace {

/// Runs `work`; if it throws, runs `undo` and rethrows. Ignores errors of `undo`, which would hide the cause.
template <class Work, class Undo>
void or_undo(const Work& work, const Undo& undo) {
  try {
    work();
  } catch (...) {
    try {
      undo();
    } catch (const std::exception&) {  // the first error matters
    }
    throw;
  }
}

/// Tries to make a file in `folder` and removes it. Returns 0, or an errno.
int try_to_write(const fs::path& folder) {
  const auto probe = folder / fmt::format(".seq2seq.{}.probe", ::getpid());
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return errno;
  ::close(descriptor);
  return ::unlink(probe.c_str()) == 0 ? 0 : errno;
}

Error folder_error(const fs::path& folder, const fs::path& path, int reason) {
  if (path.is_relative() && working_directory_is_gone()) return working_directory_error(path);
  const Place place{.file = folder.string()};
  const auto remedy = fmt::format("Create it, or use another path than `{}`", path.string());
  std::error_code unknown;
  if (!fs::exists(folder, unknown)) return {place, "no such folder", remedy};
  if (!fs::is_directory(folder, unknown)) return {place, "is a file; expected a folder", remedy};
  return file_error(folder, "written", reason);
}

}  // namespace

TemporaryFile::TemporaryFile(Files& files, fs::path path)
    : files_(files), path_(std::move(path)), stream_(files.create(path_)) {}

TemporaryFile::~TemporaryFile() {
  if (!stream_) return;
  try {
    files_.remove(path_);
  } catch (const std::exception&) {  // another error is already being reported
  }
}

void TemporaryFile::rename(const fs::path& to) {
  files_.rename(path_, to);
  stream_.reset();
}

void TemporaryFile::remove() {
  files_.remove(path_);
  stream_.reset();
}

AtomicFile::AtomicFile(Files& files, const fs::path& path)
    : files_(files), target_(find_target(path)), partial_(files, temporary_beside(target_.file, "partial")) {
  // Before the first byte is written: the new file must not be readable to more users than the old one.
  if (target_.kind != FileTarget::Kind::absent) files_.copy_permissions(target_.file, partial_.path());
}

void AtomicFile::commit() {
  stream().finish();
  if (target_.kind == FileTarget::Kind::absent || target_.kind == FileTarget::Kind::one_name) {
    partial_.rename(target_.file);
  } else {
    write_into_target();
  }
  files_.sync_folder(folder_of(target_.file));
}

void AtomicFile::write_into_target() {
  const auto bytes = files_.read(partial_.path());
  partial_.remove();  // its disk space may be needed
  if (target_.kind != FileTarget::Kind::several_names) return files_.write(target_.file, bytes);
  const auto before = files_.read(target_.file);
  or_undo([&] { files_.write(target_.file, bytes); }, [&] { files_.write(target_.file, before); });
}

void write_atomically(Files& files, const fs::path& path, std::string_view bytes) {
  if (find_target(path).kind == FileTarget::Kind::stream) return files.write(path, bytes);
  std::error_code unknown;
  if (!fs::exists(folder_of(path), unknown) && !unknown) throw file_error(path, "written", ENOENT);
  AtomicFile file(files, path);
  file.stream().append(bytes);
  file.commit();
}

void make_folder_atomically(Files& files, const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  const fs::path folder = find_target((path / "").parent_path()).file;  // without a slash at its end
  const fs::path partial = temporary_beside(folder, "partial");
  const fs::path replaced = temporary_beside(folder, "replaced");
  if (!fs::exists(folder) && fs::exists(replaced))
    files.rename(replaced, folder);  // a process was killed between the two renames below
  or_undo(
      [&] {
        files.remove(partial);
        files.make_folder(partial);
        if (fs::exists(folder)) files.copy_permissions(folder, partial);
        fill(partial);
        files.sync_folder(partial);
        if (fs::exists(folder)) {
          files.remove(replaced);
          files.rename(folder, replaced);
        }
        or_undo([&] { files.rename(partial, folder); },
                [&] {
                  if (fs::exists(replaced)) files.rename(replaced, folder);
                });
      },
      [&] { files.remove(partial); });
  files.sync_folder(folder_of(folder));
  files.remove(replaced);
}

void remove_leftovers(Files& files, const fs::path& path) {
  const auto folder = find_target((path / "").parent_path()).file;
  for (const auto* ending : {"partial", "replaced"}) {
    const auto left = temporary_beside(folder, ending);
    if (fs::exists(left)) files.remove(left);
  }
}

void check_writable(const fs::path& path) {
  const auto target = find_target(path);
  using Kind = FileTarget::Kind;
  if (target.kind == Kind::folder) throw Error(Place{.file = path.string()}, "is a folder; expected a file name");
  const bool there = target.kind != Kind::absent && !own_descriptor(path);
  if (there && ::access(target.file.c_str(), W_OK) != 0) throw file_error(path, "written", errno);
  if (target.kind == Kind::stream) return;
  const auto folder = folder_of(target.file);
  if (const int reason = try_to_write(folder); reason != 0) throw folder_error(folder, path, reason);
}

void check_folder_writable(const fs::path& path) {
  std::error_code unknown;
  fs::path there = path;
  while (!fs::exists(there, unknown) && there != folder_of(there)) there = folder_of(there);
  if (const int reason = try_to_write(there); reason != 0) throw folder_error(there, path, reason);
}

}  // namespace seq2seq
