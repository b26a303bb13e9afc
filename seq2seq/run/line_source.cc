#include "seq2seq/run/line_source.h"

#include <istream>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"

namespace seq2seq::run {

bool LineSource::next(std::string& line) {
  if (!std::getline(*stream_, line)) {
    if (stream_->bad()) throw Error(Place{.file = name_}, "cannot be read");
    return false;
  }
  ++lines_;
  size_t removed = 0;
  if (lines_ == 1 && line.starts_with(text::byte_order_mark)) {
    removed = text::byte_order_mark.size();
    line.erase(0, removed);
  }
  if (line.ends_with('\r')) line.pop_back();
  if (const auto fault = find_text_fault(line)) {
    throw Error(Place{.file = name_, .line = lines_, .column = static_cast<int64_t>(fault->offset + removed) + 1},
                fault->problem, "Mend the line");
  }
  return true;
}

}  // namespace seq2seq::run
