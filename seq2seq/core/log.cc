#include "seq2seq/core/log.h"

#include <ostream>

namespace seq2seq {

void Log::say(std::string_view line) {
  if (!quiet()) *out_ << line << '\n' << std::flush;
}

void Log::warn(std::string_view line) {
  *out_ << "warning: " << speaker_ << (speaker_.empty() ? "" : ": ") << line << '\n' << std::flush;
}

}  // namespace seq2seq
