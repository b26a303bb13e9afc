#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::test {

/// Bytes that arrive in pieces, as from a pipe. The writer is always ahead, or pauses before each piece and before the
/// end.
class PiecewiseSource final : public data::ByteSource {
 public:
  enum class Writer { ahead, pausing };
  /// `before_read` gets the number of the piece that is read next; after the last piece, that of the end.
  PiecewiseSource(std::vector<std::string> pieces, Writer writer, std::function<void(size_t piece)> before_read = {})
      : pieces_(std::move(pieces)), writer_(writer), before_read_(std::move(before_read)) {}

  size_t read(char* buffer, size_t capacity) override {
    if (before_read_) before_read_(next_);
    if (next_ == pieces_.size()) return 0;
    const auto& piece = pieces_[next_++];
    const size_t count = piece.copy(buffer, capacity);
    consumed_ += static_cast<int64_t>(count);
    return count;
  }
  int64_t consumed() const override { return consumed_; }
  bool ready() override { return writer_ == Writer::ahead; }

 private:
  std::vector<std::string> pieces_;  // none is longer than the buffer of a reader
  Writer writer_;
  std::function<void(size_t)> before_read_;
  size_t next_ = 0;
  int64_t consumed_ = 0;
};

/// Returns the lines of a text, as a command reads them.
inline data::LineReader line_reader(const std::string& text, const std::string& name = "<stdin>") {
  using Source = PiecewiseSource;
  return {std::make_unique<Source>(std::vector<std::string>{text}, Source::Writer::ahead), name};
}

}  // namespace seq2seq::test
