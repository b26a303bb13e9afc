#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::text {

/// Treatment of a token of the text that is spelled like a special symbol (`is_special` of vocabulary.h).
enum class SpecialSymbols {
  unknown,  // counts as the unknown word
  escape,   // becomes a separate word, `\<s>`, and is restored in outputs
  error     // makes its line an error
};

/// Declares the key `name` of a section: `data.special_symbols`.
void declare_special_symbols(config::Keys& keys, SpecialSymbols& choice, const std::string& name = "special_symbols");

/// Adds a backslash before every token that is a special symbol after zero or more backslashes, so that
/// `unescape_special_symbols` restores all tokens. Returns true if there was such a token.
bool escape_special_symbols(std::vector<std::string>& tokens);
void unescape_special_symbols(std::vector<std::string>& tokens);

/// Returns the index of the first token that is spelled like a special symbol.
std::optional<std::size_t> find_special_symbol(const std::vector<std::string>& tokens);

}  // namespace seq2seq::text
