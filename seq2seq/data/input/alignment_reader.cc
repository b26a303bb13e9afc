#include "seq2seq/data/input/alignment_reader.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::data {
namespace {

constexpr int64_t kMostTokens = 1 << 16;  // a link is stored as one number of four bytes

/// Returns the two numbers of `3-5`; no value for any other text.
std::optional<Link> read_link(std::string_view text) {
  Link link;
  const char* const end = text.data() + text.size();
  const auto source = std::from_chars(text.data(), end, link.source);
  if (source.ec != std::errc() || source.ptr == end || *source.ptr != '-') return std::nullopt;
  const auto target = std::from_chars(source.ptr + 1, end, link.target);
  const auto counts = [](int64_t number) { return number >= 0 && number < kMostTokens; };
  if (target.ec != std::errc() || target.ptr != end || !counts(link.source) || !counts(link.target))
    return std::nullopt;
  return link;
}

}  // namespace

std::optional<std::vector<Link>> AlignmentReader::next() {
  std::string line;
  if (!lines_.next(line)) return std::nullopt;
  std::vector<Link> links;
  for (std::size_t at = line.find_first_not_of(' '); at != std::string::npos; at = line.find_first_not_of(' ', at)) {
    const auto end = std::min(line.find(' ', at), line.size());
    const auto word = std::string_view(line).substr(at, end - at);
    const auto link = read_link(word);
    if (!link) {
      throw Error(Place{lines_.file().string(), lines_.lines(), static_cast<int64_t>(at) + 1, {}},
                  fmt::format("expected a link such as `0-2`, source token and target token counted from 0, found {}",
                              quote(word)),
                  "A line of `data.train.alignment` has the links of the pair on the same line, with spaces between "
                  "them");
    }
    links.push_back(*link);
    at = end;
  }
  std::ranges::sort(links);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

}  // namespace seq2seq::data
