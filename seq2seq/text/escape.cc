#include "seq2seq/text/escape.h"

#include <algorithm>
#include <string_view>

#include "seq2seq/text/factors.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::text {
namespace {

constexpr char kBackslash = '\\';

/// Returns the token without its leading backslashes and its factors.
std::string_view bare(std::string_view token) {
  token.remove_prefix(std::min(token.size(), token.find_first_not_of(kBackslash)));
  return split_factors(token).word;
}

}  // namespace

void declare_special_symbols(config::Keys& keys, SpecialSymbols& choice, const std::string& name) {
  keys.add(name, choice,
           {{"unknown", SpecialSymbols::unknown}, {"escape", SpecialSymbols::escape}, {"error", SpecialSymbols::error}},
           "treatment of tokens spelled <unk>, <s> or </s>: as an unknown word, as a normal word (stored with a "
           "backslash), or as an error with file and line");
}

bool escape_special_symbols(std::vector<std::string>& tokens) {
  bool any = false;
  for (auto& token : tokens) {
    if (!is_special(bare(token))) continue;
    token.insert(token.begin(), kBackslash);
    any = true;
  }
  return any;
}

void unescape_special_symbols(std::vector<std::string>& tokens) {
  for (auto& token : tokens) {
    if (token.starts_with(kBackslash) && is_special(bare(token))) token.erase(0, 1);
  }
}

std::optional<std::size_t> find_special_symbol(const std::vector<std::string>& tokens) {
  const auto found = std::find_if(tokens.begin(), tokens.end(),
                                  [](const auto& token) { return is_special(split_factors(token).word); });
  if (found == tokens.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tokens.begin());
}

}  // namespace seq2seq::text
