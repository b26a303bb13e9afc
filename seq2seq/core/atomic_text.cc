#include "seq2seq/core/atomic_text.h"

#include <cerrno>
#include <fstream>
#include <streambuf>
#include <string_view>
#include <vector>

namespace seq2seq {

/// Collects characters and passes them to the file in blocks.
class AtomicText::FileBuffer final : public std::streambuf {
 public:
  FileBuffer(Files& files, const fs::path& path) : file_(files, path), block_(1 << 16) { begin_block(); }
  void commit() {
    write_block();
    file_.commit();
  }

 protected:
  int_type overflow(int_type character) override {
    write_block();
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    return sputc(traits_type::to_char_type(character));
  }

 private:
  void begin_block() { setp(block_.data(), block_.data() + block_.size()); }
  void write_block() {
    if (pptr() > pbase()) file_.stream().append({pbase(), static_cast<size_t>(pptr() - pbase())});
    begin_block();
  }

  AtomicFile file_;
  std::vector<char> block_;
};

class AtomicText::PipeBuffer final : public std::filebuf {
 public:
  explicit PipeBuffer(const fs::path& path) : path_(path) {
    errno = 0;
    if (open(path, std::ios::app | std::ios::binary) == nullptr) fail();  // a descriptor's file may already have text
  }

 protected:
  int_type overflow(int_type character) override { return checked(std::filebuf::overflow(character)); }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    errno = 0;
    if (std::filebuf::xsputn(text, count) != count) fail();
    return count;
  }
  int sync() override {
    errno = 0;
    if (std::filebuf::sync() != 0) fail();
    return 0;
  }

 private:
  int_type checked(int_type result) const {
    if (traits_type::eq_int_type(result, traits_type::eof())) fail();
    return result;
  }
  [[noreturn]] void fail() const { throw file_error(path_, "written", errno == 0 ? EIO : errno); }

  fs::path path_;
};

AtomicText::AtomicText(Files& files, const fs::path& path) : stream_(nullptr) {
  if (find_target(path).kind == FileTarget::Kind::stream) {
    buffer_ = std::make_unique<PipeBuffer>(path);
  } else {
    std::error_code unknown;
    if (!fs::exists(folder_of(path), unknown) && !unknown) throw file_error(path, "written", ENOENT);
    auto file = std::make_unique<FileBuffer>(files, path);
    file_ = file.get();
    buffer_ = std::move(file);
  }
  stream_.rdbuf(buffer_.get());
  stream_.exceptions(std::ios::badbit);  // rethrows errors of the buffer
}

AtomicText::~AtomicText() = default;

void AtomicText::commit() {
  stream_.flush();
  if (file_ != nullptr) file_->commit();
}

}  // namespace seq2seq
