#include "seq2seq/text/character.h"
#include "seq2seq/text/moses.h"
#include "seq2seq/text/sentencepiece.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::text {

TokenizerRegistry builtin_tokenizers() {
  TokenizerRegistry registry;
  registry.add<WhitespaceTokenizer>("whitespace", "words separated by whitespace, for text that is already tokenized");
  registry.add<CharacterTokenizer>("character", "one token per character, spaces written as U+2581");
  registry.add<MosesTokenizer>("moses", "words and punctuation by the rules of Moses; Koehn et al. 2007");
  registry.add<SentencePieceTokenizer>("sentencepiece", "subwords; Kudo and Richardson 2018, arXiv 1808.06226");
  return registry;
}

}  // namespace seq2seq::text
