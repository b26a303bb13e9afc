#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"

namespace seq2seq::test {

/// Real files with failures: the nth operation that changes something fails, as on a full disk; or that one and all
/// later ones fail, as in a process that was killed. A failed write leaves half of its bytes.
class FailingFiles final : public Files {
 public:
  enum class Mode { once, from_then_on };
  static constexpr int never = std::numeric_limits<int>::max();

  explicit FailingFiles(Files& files, int nth = never, Mode mode = Mode::once)
      : files_(files), nth_(nth), mode_(mode) {}
  int operations() const { return operations_; }

  std::string read(const fs::path& path) const override { return files_.read(path); }
  std::unique_ptr<InputFile> open(const fs::path& path) const override { return files_.open(path); }
  void write(const fs::path& path, std::string_view bytes) override {
    if (fails()) {
      if (!(mode_ == Mode::from_then_on && operations_ > nth_)) files_.write(path, bytes.substr(0, bytes.size() / 2));
      fail(path);
    }
    files_.write(path, bytes);
  }
  void append(const fs::path& path, std::string_view bytes) override { checked(path), files_.append(path, bytes); }
  std::unique_ptr<FileStream> create(const fs::path& path) override {
    checked(path);
    return std::make_unique<Stream>(*this, path);
  }
  void truncate(const fs::path& path, uint64_t bytes) override { checked(path), files_.truncate(path, bytes); }
  void copy_permissions(const fs::path& from, const fs::path& to) override {
    checked(to), files_.copy_permissions(from, to);
  }
  void rename(const fs::path& from, const fs::path& to) override { checked(to), files_.rename(from, to); }
  void make_folder(const fs::path& path) override { checked(path), files_.make_folder(path); }
  void sync_folder(const fs::path& path) override { checked(path), files_.sync_folder(path); }
  void remove(const fs::path& path) override { checked(path), files_.remove(path); }

 private:
  class Stream final : public FileStream {
   public:
    Stream(FailingFiles& files, const fs::path& path) : files_(files), path_(path), real_(files.files_.create(path)) {}
    void append(std::string_view bytes) override {
      if (files_.fails()) {
        real_->append(bytes.substr(0, bytes.size() / 2));
        fail(path_);
      }
      real_->append(bytes);
    }
    void write_at(uint64_t position, std::string_view bytes) override {
      files_.checked(path_), real_->write_at(position, bytes);
    }
    std::string read_at(uint64_t position, std::size_t bytes) const override { return real_->read_at(position, bytes); }
    void finish() override { files_.checked(path_), real_->finish(); }

   private:
    FailingFiles& files_;
    fs::path path_;
    std::unique_ptr<FileStream> real_;
  };

  bool fails() {
    const int operation = ++operations_;  // prepared text is written by two threads
    return mode_ == Mode::once ? operation == nth_ : operation >= nth_;
  }
  void checked(const fs::path& path) {
    if (fails()) fail(path);
  }
  [[noreturn]] static void fail(const fs::path& path) { throw file_error(path, "written", ENOSPC); }

  Files& files_;
  int nth_;
  Mode mode_;
  std::atomic<int> operations_ = 0;
};

/// Real files on a disk that loses power: `lose_power()` reverts every entry of a folder that was made, renamed or
/// removed since the last sync of the folder. The bytes of a file stay, because `write` syncs them.
class ForgetfulFiles final : public Files {
 public:
  ForgetfulFiles(Files& files, fs::path backups) : files_(files), backups_(std::move(backups)) {}

  std::string read(const fs::path& path) const override { return files_.read(path); }
  void write(const fs::path& path, std::string_view bytes) override {
    note_if_new(path);
    files_.write(path, bytes);
  }
  void append(const fs::path& path, std::string_view bytes) override {
    note_if_new(path);
    files_.append(path, bytes);
  }
  std::unique_ptr<FileStream> create(const fs::path& path) override {
    note_if_new(path);
    return files_.create(path);
  }
  void truncate(const fs::path& path, uint64_t bytes) override { files_.truncate(path, bytes); }
  void copy_permissions(const fs::path& from, const fs::path& to) override { files_.copy_permissions(from, to); }
  void rename(const fs::path& from, const fs::path& to) override {
    const auto replaced = set_aside(to);
    files_.rename(from, to);
    for (auto& change : pending_) change.path = moved(change.path, from, to);
    pending_.push_back({to, from, replaced});
  }
  void make_folder(const fs::path& path) override {
    note_if_new(path);
    files_.make_folder(path);
  }
  void sync_folder(const fs::path& path) override {
    files_.sync_folder(path);
    std::erase_if(pending_, [&](const Change& change) { return change.path.parent_path() == path; });
  }
  void remove(const fs::path& path) override {
    const auto removed = set_aside(path);
    files_.remove(path);
    if (removed) pending_.push_back({path, std::nullopt, removed});
  }

  void lose_power() {
    for (; !pending_.empty(); pending_.pop_back()) {
      const Change& change = pending_.back();
      if (change.came_from) {
        fs::rename(change.path, *change.came_from);
      } else {
        fs::remove_all(change.path);
      }
      if (change.was_there) fs::copy(*change.was_there, change.path, fs::copy_options::recursive);
    }
  }

 private:
  struct Change {
    fs::path path;
    std::optional<fs::path> came_from, was_there;
  };

  void note_if_new(const fs::path& path) {
    if (!fs::exists(path)) pending_.push_back({path, std::nullopt, std::nullopt});
  }
  std::optional<fs::path> set_aside(const fs::path& path) {
    if (!fs::exists(path)) return std::nullopt;
    const fs::path copy = backups_ / std::to_string(copies_++);
    fs::copy(path, copy, fs::copy_options::recursive);
    return copy;
  }
  static fs::path moved(const fs::path& path, const fs::path& from, const fs::path& to) {
    const fs::path relative = path.lexically_relative(from);
    return relative.empty() || *relative.begin() == ".." || relative == "." ? path : to / relative;
  }

  Files& files_;
  fs::path backups_;
  std::vector<Change> pending_;
  int copies_ = 0;
};

}  // namespace seq2seq::test
