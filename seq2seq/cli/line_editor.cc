#include "seq2seq/cli/line_editor.h"

#include <clocale>
#include <cstdlib>
#include <dlfcn.h>
#include <ostream>
#include <unistd.h>

namespace seq2seq::cli {

namespace {

constexpr const char* prompt = "> ";
constexpr const char* libedit = "libedit.so.2";  // name of its interface since 2003

}  // namespace

LineEditor::LineEditor(const Streams& streams) : streams_(streams) {
  if (streams.in == STDIN_FILENO && ::isatty(STDIN_FILENO) == 1 && streams.terminal.out) {
    if (void* const library = ::dlopen(libedit, RTLD_NOW)) {  // stays loaded until the program ends
      read_line_ = reinterpret_cast<ReadLine>(::dlsym(library, "readline"));
      add_history_ = reinterpret_cast<AddHistory>(::dlsym(library, "add_history"));
    }
  }
  if (read_line_ == nullptr || add_history_ == nullptr) {
    read_line_ = nullptr;
    plain_ = std::make_unique<data::LineReader>(data::open_bytes(streams.in, "<stdin>"), "<stdin>");
    return;
  }
  std::setlocale(LC_CTYPE, "");  // it edits characters in the encoding of the user's locale
}

bool LineEditor::next(std::string& line) {
  streams_.out->flush();
  if (plain_) {
    if (streams_.terminal.out) *streams_.out << prompt << std::flush;
    const int64_t before = plain_->lines();
    try {
      return plain_->next(line);
    } catch (const Error&) {
      failed_ = plain_->lines() == before;
      throw;
    }
  }
  const std::unique_ptr<char, void (*)(void*)> typed(read_line_(prompt), std::free);
  if (typed == nullptr) return false;
  line = typed.get();
  if (!line.empty()) add_history_(line.c_str());
  return true;
}

}  // namespace seq2seq::cli
