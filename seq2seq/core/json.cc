#include "seq2seq/core/json.h"

#include <charconv>

namespace seq2seq {

namespace {

/// Returns the number after `word`, as in `line 3`; 0 if there is none.
int64_t number_after(std::string_view text, std::string_view word) {
  const auto found = text.find(word);
  if (found == std::string_view::npos) return 0;
  int64_t number = 0;
  std::from_chars(text.data() + found + word.size(), text.data() + text.size(), number);
  return number;
}

/// Removes the text up to and including `end`, if it is there.
void cut_through(std::string_view& text, std::string_view end) {
  if (const auto found = text.find(end); found != std::string_view::npos) text.remove_prefix(found + end.size());
}

}  // namespace

JsonReason plain_reason(std::string_view message) {
  if (message.starts_with("[json.exception.")) cut_through(message, "] ");
  JsonReason reason;
  if (message.starts_with("parse error")) {
    reason.line = number_after(message, "at line ");
    reason.column = number_after(message, ", column ");
    cut_through(message, ": ");
    if (message.starts_with("syntax error")) cut_through(message, " - ");
    message = message.substr(0, message.find("; last read"));
    message = message.substr(0, message.find("; expected"));
  }
  reason.text = message;
  return reason;
}

}  // namespace seq2seq
