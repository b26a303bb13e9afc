#include "seq2seq/data/clean/pair_filter.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/source_form.h"

namespace seq2seq::data {
namespace {

bool has_control_character(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const bool low = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    const bool high = byte == 0xC2 && i + 1 < line.size() && static_cast<unsigned char>(line[i + 1]) < 0xA0;  // C1
    if (low || high) return true;
  }
  return false;
}

/// One round of the finaliser of MurmurHash3: every bit of the input affects every bit of the output.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 33U)) * 0xFF51AFD7ED558CCDU;
  x = (x ^ (x >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return x ^ (x >> 33U);
}

[[noreturn]] void refuse(const Place& place, const std::string& symbol) {
  throw Error(place, fmt::format("holds the token {}, which is spelled like a special symbol", quote(symbol)),
              "Fix the line, or set `data.special_symbols: escape` to keep it as a word, or `unknown`");
}

/// Throws Error for a link to a token that the pair does not have.
void check_links(const LinePair& lines, const TokenPair& tokens) {
  const auto check = [&](const Link& link, const char* side, int64_t token, int64_t count, const Place& text) {
    if (token < count) return;
    throw Error(lines.alignment_place(),
                fmt::format("`{}-{}` names {} token {}, counted from 0, but {}:{} has {}", link.source, link.target,
                            side, token, text.file, text.line, format_count(count, "token")),
                "Links count the tokens that `data.source.tokenizer` and `data.target.tokenizer` cut");
  };
  for (const auto& link : lines.links) {
    check(link, "source", link.source, std::ssize(tokens.source), lines.source_place());
    check(link, "target", link.target, std::ssize(tokens.target), lines.target_place());
  }
}

}  // namespace

std::optional<Reason> PairFilter::tokenize(const LinePair& lines, TokenPair& tokens) const {
  if (!lines.valid) return Reason::invalid_utf8;
  if (options_.drop_control_characters &&
      (has_control_character(lines.source) || has_control_character(lines.target))) {
    return Reason::control_characters;
  }
  tokens.number = lines.number;
  tokens.source_changes = {};
  tokens.target_changes = {};
  tokens.source = source_->tokenize(lines.source, tokens.source_changes);
  tokens.target = target_->tokenize(lines.target, tokens.target_changes);
  if (const auto& symbol = tokens.source_changes.refused; !symbol.empty()) refuse(lines.source_place(), symbol);
  if (const auto& symbol = tokens.target_changes.refused; !symbol.empty()) refuse(lines.target_place(), symbol);
  if (!form_.plain()) check_source(tokens.source, form_, lines.source, lines.source_place());
  tokens.corpus = lines.corpus;
  tokens.weight = lines.weight;
  check_links(lines, tokens);
  tokens.links = lines.links;
  const auto reason = fault(tokens);
  if (!reason && !lines.tag.empty()) {
    tokens.source.insert(tokens.source.begin(), lines.tag);
    for (auto& link : tokens.links) ++link.source;
  }
  return reason;
}

std::optional<Reason> PairFilter::fault(const TokenPair& tokens) const {
  const auto parts = part_lengths(tokens.source, form_);
  const auto longest = *std::ranges::max_element(parts);
  const auto [shorter, longer] = std::minmax({longest, std::ssize(tokens.target)});
  if (tokens.target.empty()) return Reason::empty_target;
  if (options_.drop_empty_source && std::ranges::find(parts, 0) != parts.end()) return Reason::empty_source;
  if (options_.max_length > 0 && longer > options_.max_length) return Reason::too_long;
  const bool unlike =
      options_.max_ratio > 0 && static_cast<double>(longer) > options_.max_ratio * static_cast<double>(shorter);
  if (unlike && shorter > 0) return Reason::unlike_lengths;
  return std::nullopt;
}

bool SeenPairs::add(const TokenPair& pair) {
  Key key{1, 2};
  const auto take = [&key](std::string_view text) {
    const uint64_t hash = std::hash<std::string_view>()(text);
    key.high = mix(key.high ^ hash) + text.size();
    key.low = mix(key.low + 0x9E3779B97F4A7C15U * hash);
  };
  for (const auto& token : pair.source) take(token);
  take("\t");  // tokens do not contain blanks
  for (const auto& token : pair.target) take(token);
  return seen_.insert(key).second;
}

}  // namespace seq2seq::data
