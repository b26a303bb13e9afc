#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/core/file_lock.h"

namespace seq2seq {

/// The names of all files of a run; docs/formats.md describes their contents.
///   run.json  config.yaml  source.vocabulary  source.factor1.vocabulary ...  target.vocabulary  source.tokenizer
///   target.tokenizer  target.counts  metrics.jsonl
///   tensorboard/ lock checkpoints/UPDATE/{weights.safetensors, optimizer.safetensors, state.json, checksums.json}
///   checkpoints/{last, best}
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path root);
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path absolute_root() const;
  std::filesystem::path description() const { return root_ / "run.json"; }
  std::filesystem::path config() const { return root_ / "config.yaml"; }
  std::filesystem::path source_vocabulary() const { return root_ / "source.vocabulary"; }
  std::filesystem::path target_vocabulary() const { return root_ / "target.vocabulary"; }
  /// Returns the file with the values of a factor, numbered from 1.
  std::filesystem::path factor_vocabulary(int64_t factor) const {
    return root_ / ("source.factor" + std::to_string(factor) + ".vocabulary");
  }
  std::filesystem::path source_tokenizer() const { return root_ / "source.tokenizer"; }  // only if the tokenizer learns
  std::filesystem::path target_tokenizer() const { return root_ / "target.tokenizer"; }
  std::filesystem::path target_counts() const { return root_ / "target.counts"; }  // only if words are drawn by it
  std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  std::filesystem::path tensorboard() const { return root_ / "tensorboard"; }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }
  std::filesystem::path checkpoint(int64_t update) const;
  std::filesystem::path last() const { return checkpoints() / "last"; }
  std::filesystem::path best() const { return checkpoints() / "best"; }
  /// Returns the updates of the complete checkpoints, ascending; excludes folders that are still being written.
  std::vector<int64_t> updates() const;
  bool holds_run() const;  // true if it has a description

 private:
  std::filesystem::path root_;
};

/// Locks a run folder against a second writer for as long as it exists. Throws Error naming the folder and the process
/// that holds the lock.
class RunLock {
 public:
  explicit RunLock(const RunFolder& folder);

 private:
  FileLock lock_;
};

}  // namespace seq2seq
