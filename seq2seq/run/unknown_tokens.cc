#include "seq2seq/run/unknown_tokens.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::run {

int64_t unknown_among(const std::vector<int64_t>& ids, const data::TextPipeline& text, text::Side side) {
  return std::ranges::count_if(ids, [&](int64_t id) { return text.is_unknown(side, id); });
}

void UnknownTokens::add(const std::vector<int64_t>& ids, const data::TextPipeline& text, text::Side side,
                        int64_t line) {
  const int64_t here = unknown_among(ids, text, side);
  tokens += std::ssize(ids);
  unknown += here;
  if (here == 0 || here < std::ssize(ids)) return;
  if (++lines == 1) first_line = line;
}

std::string describe(const UnknownTokens& counts, const char* side) {
  if (counts.unknown == 0) return {};
  const double percent = 100 * static_cast<double>(counts.unknown) / static_cast<double>(counts.tokens);
  std::string text = fmt::format("{} of {} ({:.2f} %) {} not in the vocabulary", format_count(counts.unknown),
                                 format_count(counts.tokens, fmt::format("{} token", side)), percent,
                                 counts.unknown == 1 ? "is" : "are");
  if (counts.lines == 1) text += fmt::format("; line {} has only unknown tokens", counts.first_line);
  if (counts.lines > 1) {
    text += fmt::format("; {} lines have only unknown tokens; the first is line {}", format_count(counts.lines),
                        counts.first_line);
  }
  return text;
}

}  // namespace seq2seq::run
