#include "seq2seq/cli/called_as.h"

#include <string_view>

namespace seq2seq::cli {

CalledAs::CalledAs(std::ostream& out, const std::string& program)
    : std::ostream(static_cast<std::streambuf*>(this)), out_(out.rdbuf()), command_("`" + program + " ") {
  setf(std::ios::unitbuf);  // unbuffered, like std::cerr
}

std::streamsize CalledAs::xsputn(const char* text, std::streamsize count) {
  constexpr std::string_view written = "`seq2seq ";
  std::string named(text, static_cast<size_t>(count));
  for (size_t at = 0; (at = named.find(written, at)) != std::string::npos; at += command_.size())
    named.replace(at, written.size(), command_);
  const auto size = static_cast<std::streamsize>(named.size());
  return out_->sputn(named.data(), size) == size ? count : 0;
}

std::streambuf::int_type CalledAs::overflow(std::streambuf::int_type character) {
  using Traits = std::streambuf::traits_type;
  if (Traits::eq_int_type(character, Traits::eof())) return Traits::not_eof(character);
  return out_->sputc(Traits::to_char_type(character));
}

int CalledAs::sync() { return out_->pubsync(); }

}  // namespace seq2seq::cli
