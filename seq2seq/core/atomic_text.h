#pragma once

#include <memory>
#include <ostream>

#include "seq2seq/core/atomic_file.h"

namespace seq2seq {

/// A stream to a file, in constant memory. commit() replaces the whole file; without it the file does not change
/// (AtomicFile). Pipes and devices receive the text at once. Throws Error naming the file.
class AtomicText {
 public:
  AtomicText(Files& files, const fs::path& path);
  ~AtomicText();
  AtomicText(const AtomicText&) = delete;
  AtomicText& operator=(const AtomicText&) = delete;

  std::ostream& stream() { return stream_; }
  void commit();

 private:
  class FileBuffer;
  class PipeBuffer;

  std::unique_ptr<std::streambuf> buffer_;
  FileBuffer* file_ = nullptr;  // null for a pipe or a device
  std::ostream stream_;
};

}  // namespace seq2seq
