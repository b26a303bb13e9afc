#include "seq2seq/data/input/line_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"

namespace seq2seq::data {

namespace {

constexpr std::size_t kLongest = std::size_t{1} << 24;  // bytes of a line
constexpr std::size_t kBlock = std::size_t{1} << 18;

}  // namespace

LineReader::LineReader(std::filesystem::path file, InvalidUtf8 invalid, std::string remedy)
    : file_(std::move(file)),
      invalid_(invalid),
      remedy_(std::move(remedy)),
      bytes_(open_bytes(file_)),
      block_(kBlock) {}

LineReader::LineReader(std::unique_ptr<ByteSource> bytes, const std::string& name)
    : file_(name), invalid_(InvalidUtf8::error), remedy_(line_remedy), bytes_(std::move(bytes)), block_(kBlock) {}

/// Reads more bytes after those not returned yet; there must be room for them. Returns false at the end.
bool LineReader::fill() {
  if (ended_) return false;  // a terminal would wait for a second end
  if (begin_ > 0) std::copy(block_.data() + begin_, block_.data() + end_, block_.data());
  end_ -= std::exchange(begin_, 0);
  const std::size_t count = bytes_->read(block_.data() + end_, block_.size() - end_);
  end_ += count;
  ended_ = count == 0;
  return !ended_;
}

bool LineReader::ready() {
  while (std::memchr(block_.data() + begin_, '\n', end_ - begin_) == nullptr) {
    const bool full = end_ - begin_ == block_.size();
    if (full || !bytes_->ready()) return false;
    if (!fill()) return true;
  }
  return true;
}

/// Reads the next line, without its line feed.
bool LineReader::next_bytes(std::string& line) {
  line.clear();
  for (;;) {
    if (begin_ == end_ && !fill()) return !line.empty();
    const char* const first = block_.data() + begin_;
    const auto* const feed = static_cast<const char*>(std::memchr(first, '\n', end_ - begin_));
    const auto count = feed == nullptr ? end_ - begin_ : static_cast<std::size_t>(feed - first);
    line.append(first, count);
    begin_ += count + (feed == nullptr ? 0 : 1);
    // Without a limit, a small compressed file, or a file that is not text, could fill the memory.
    if (line.size() > kLongest) {
      throw Error(Place{file_.string(), lines_ + 1, 0, {}}, "is longer than 16 MiB; a line is one sentence",
                  "Use a text with a line feed after each sentence");
    }
    if (feed != nullptr) return true;
  }
}

bool LineReader::next(std::string& line) {
  if (!next_bytes(line)) return false;
  ++lines_;
  std::size_t removed = 0;
  if (lines_ == 1 && line.starts_with(text::byte_order_mark)) {
    removed = text::byte_order_mark.size();
    line.erase(0, removed);
  }
  if (line.ends_with('\r')) line.pop_back();
  const auto fault = find_text_fault(line);
  valid_ = !fault;
  if (!fault) return true;
  if (invalid_ == InvalidUtf8::error) {
    throw Error(Place{file_.string(), lines_, static_cast<int64_t>(fault->offset + removed) + 1, {}}, fault->problem,
                remedy_);
  }
  line.clear();
  return true;
}

std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid,
                                    const std::string& remedy) {
  LineReader reader(file, invalid == nullptr ? InvalidUtf8::error : InvalidUtf8::drop, remedy);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) {
    if (!reader.valid()) invalid->push_back(reader.lines() - 1);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace seq2seq::data
