#include "seq2seq/data/line_reader.h"

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"

namespace seq2seq::data {
namespace {

Error cannot_read(const std::filesystem::path& file, int reason) {
  return Error(Place{file.string(), 0, 0, {}}, "cannot be read: " + std::generic_category().message(reason));
}

}  // namespace

LineReader::LineReader(std::filesystem::path file, InvalidUtf8 invalid) : file_(std::move(file)), invalid_(invalid) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file_, ignored)) {
    throw Error(Place{file_.string(), 0, 0, {}}, "is a folder; a text file is expected");
  }
  errno = 0;
  stream_.open(file_, std::ios::binary);
  if (!stream_) throw cannot_read(file_, errno);
}

bool LineReader::next(std::string& line) {
  errno = 0;
  if (!std::getline(stream_, line)) {
    if (stream_.bad() || !stream_.eof()) throw cannot_read(file_, errno == 0 ? EIO : errno);
    return false;
  }
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
                "Mend the line, or set `data.invalid_utf8: drop` to leave such pairs out, counted");
  }
  line.clear();
  return true;
}

std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid) {
  LineReader reader(file, invalid == nullptr ? InvalidUtf8::error : InvalidUtf8::drop);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) {
    if (!reader.valid()) invalid->push_back(reader.lines() - 1);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace seq2seq::data
