#include "seq2seq/text/tokenizer.h"

#include <stdexcept>

namespace seq2seq::text {

void Tokenizer::learn(const NextLine&) { throw std::logic_error("this tokenizer learns nothing"); }

void Tokenizer::set_model(std::string_view) { throw std::logic_error("this tokenizer has no model"); }

std::vector<std::string> Tokenizer::sample(std::string_view line, Draws&) const { return tokenize(line); }

}  // namespace seq2seq::text
