#include "seq2seq/text/parts.h"

#include <algorithm>
#include <cstddef>

#include "seq2seq/text/characters.h"

namespace seq2seq::text {
namespace {

std::string_view without_outer_blanks(std::string_view part) {
  while (!part.empty() && is_blank(part.front())) part.remove_prefix(1);
  while (!part.empty() && is_blank(part.back())) part.remove_suffix(1);
  return part;
}

/// Returns the parts of a line: the text between separators, which have blanks or an end of the line on both sides.
std::vector<std::string_view> parts_of(std::string_view line) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (auto at = line.find(part_separator); at != std::string_view::npos; at = line.find(part_separator, at)) {
    const auto end = at + part_separator.size();
    const bool alone = (at == 0 || is_blank(line[at - 1])) && (end == line.size() || is_blank(line[end]));
    if (!alone) {
      ++at;
      continue;
    }
    parts.push_back(without_outer_blanks(line.substr(begin, at - begin)));
    begin = at = end;
  }
  parts.push_back(without_outer_blanks(line.substr(begin)));
  return parts;
}

template <class Cut>
std::vector<std::string> cut_parts(std::string_view line, const Cut& cut) {
  std::vector<std::string> tokens;
  bool first = true;
  for (const auto part : parts_of(line)) {
    if (!first) tokens.emplace_back(part_separator);
    first = false;
    for (auto& token : cut(part)) tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

std::vector<std::string> PartsTokenizer::tokenize(std::string_view line) const {
  return cut_parts(line, [this](std::string_view part) { return cutter().tokenize(part); });
}

std::vector<std::string> PartsTokenizer::sample(std::string_view line, Draws& draws) const {
  return cut_parts(line, [&](std::string_view part) { return cutter().sample(part, draws); });
}

std::string PartsTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  std::string line;
  const auto append = [&line](std::string_view text) {
    if (!line.empty() && !text.empty()) line += ' ';
    line += text;
  };
  for (auto begin = tokens.begin();;) {
    const auto end = std::find(begin, tokens.end(), part_separator);
    append(cutter().detokenize({begin, end}));
    if (end == tokens.end()) return line;
    append(part_separator);
    begin = end + 1;
  }
}

void PartsTokenizer::learn(const NextLine& next_line) {
  std::string whole;
  std::vector<std::string_view> parts;
  std::size_t next = 0;
  cutter().learn([&](std::string& line) {
    if (next == parts.size()) {
      if (!next_line(whole)) return false;
      parts = parts_of(whole);
      next = 0;
    }
    line = parts[next++];
    return true;
  });
}

}  // namespace seq2seq::text
