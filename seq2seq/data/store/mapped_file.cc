#include "seq2seq/data/store/mapped_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "seq2seq/core/files.h"

namespace seq2seq::data {
namespace {

// The mapped files, for a signal handler, which must not take a lock. For files beyond this number the system's default
// applies.
constexpr std::size_t kFiles = 64;
std::array<std::atomic<const MappedFile*>, kFiles> mapped_files;
struct sigaction action_before {};

/// Handles the system's signal for an unreadable page of a mapped file.
void report_missing_page(int /*signal*/, siginfo_t* info, void* /*context*/) {
  for (const auto& slot : mapped_files) {
    const auto* file = slot.load();
    if (file == nullptr || !file->holds(info->si_addr)) continue;
    const auto& line = file->page_is_missing();
    [[maybe_unused]] const auto count = ::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(1);
  }
  sigaction(SIGBUS, &action_before, nullptr);  // not one of ours: raised again with the previous action
}

void watch(const MappedFile& file) {
  static std::once_flag installed;
  std::call_once(installed, [] {
    struct sigaction action {};
    action.sa_sigaction = report_missing_page;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, &action_before);
  });
  for (auto& slot : mapped_files) {
    const MappedFile* free = nullptr;
    if (slot.compare_exchange_strong(free, &file)) return;
  }
}

void forget(const MappedFile& file) {
  for (auto& slot : mapped_files) {
    const MappedFile* found = &file;
    if (slot.compare_exchange_strong(found, nullptr)) return;
  }
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) : place_{file.string(), 0, 0, {}} {
  page_is_missing_ = place_.file + ": was truncated or became unreadable while in use. Run `seq2seq prepare` again\n";
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) throw file_error(file, "read", errno);
  struct stat status {};
  int reason = fstat(handle, &status) == 0 ? 0 : errno;
  size_ = reason == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  if (size_ > 0) {
    void* const start = mmap(nullptr, size_, PROT_READ, MAP_SHARED, handle, 0);
    if (start == MAP_FAILED) reason = errno;
    if (start != MAP_FAILED) start_ = static_cast<const std::byte*>(start);
  }
  ::close(handle);
  if (reason != 0) throw file_error(file, "read", reason);
  watch(*this);
}

MappedFile::~MappedFile() {
  forget(*this);
  if (start_ != nullptr) munmap(const_cast<std::byte*>(start_), size_);
}

}  // namespace seq2seq::data
