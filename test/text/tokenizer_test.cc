#include "seq2seq/text/tokenizer.h"

#include <random>
#include <string>
#include <vector>

#include "seq2seq/text/characters.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::builtin_tokenizers;

namespace {

using Tokens = std::vector<std::string>;

const std::vector<std::string> kPieces{"a",  "b", "ß",      "é", "e\u0301", "你",  "😀",    " ",  "  ",
                                       "\t", ".", "\u00A0", "▁", "▁▁",      "<s>", "</s>", "\r", "<unk>"};

}  // namespace

TEST_CASE("tokenizer: no token is empty or holds a blank", "[text][tokenizer][property]") {
  const auto registry = builtin_tokenizers();
  const auto name = GENERATE_COPY(from_range(registry.names()));
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937_64 random(seed);
  const auto line = random_text(random, kPieces, static_cast<int>(seed) * 3);
  CAPTURE(name, seed, line);

  for (const auto& token : registry.make({name, nullptr})->tokenize(line)) {
    REQUIRE(!token.empty());
    REQUIRE(std::none_of(token.begin(), token.end(), text::is_blank));
  }
}

TEST_CASE("tokenizer: words between single spaces come back as they were", "[text][tokenizer][property]") {
  const auto registry = builtin_tokenizers();
  const auto name = GENERATE_COPY(from_range(registry.names()));
  const std::string line = GENERATE("", "a", "ein Wort", "▁ mit ▁▁ Strich▁", "l'été à Besançon 😀 你好", "a <s> b </s>");
  CAPTURE(name, line);
  const auto tokenizer = registry.make({name, nullptr});

  REQUIRE(tokenizer->detokenize(tokenizer->tokenize(line)) == line);
}

TEST_CASE("tokenizer: what was put together is cut as before", "[text][tokenizer][property]") {
  const auto registry = builtin_tokenizers();
  const auto name = GENERATE_COPY(from_range(registry.names()));
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937_64 random(seed);
  const auto tokenizer = registry.make({name, nullptr});
  const auto tokens = tokenizer->tokenize(random_text(random, kPieces, 30));
  CAPTURE(name, seed, tokens);

  REQUIRE(tokenizer->tokenize(tokenizer->detokenize(tokens)) == tokens);
}

TEST_CASE("whitespace: runs of any blanks of ASCII part words, other blanks do not", "[text][tokenizer]") {
  const auto tokenizer = builtin_tokenizers().make({"whitespace", nullptr});

  REQUIRE(tokenizer->tokenize(" \ta\v\f b\u00A0c\r") == Tokens{"a", "b\u00A0c"});
  REQUIRE(tokenizer->tokenize(" \t ").empty());
}

TEST_CASE("character: a token is a code point, a blank U+2581, and U+2581 itself two of them", "[text][tokenizer]") {
  const auto tokenizer = builtin_tokenizers().make({"character", nullptr});

  REQUIRE(tokenizer->tokenize("é 😀\t▁e\u0301") == Tokens{"é", "▁", "😀", "▁", "▁▁", "e", "\u0301"});
}

TEST_CASE("character: every line without other blanks than spaces comes back byte by byte",
          "[text][tokenizer][property]") {
  const auto seed = GENERATE(range(1u, 51u));
  std::mt19937_64 random(seed);
  const auto line = random_text(random, {"a", "é", "你", " ", "  ", "▁", "▁▁", "\u00A0", "<s>"}, 40);
  CAPTURE(seed, line);
  const auto tokenizer = builtin_tokenizers().make({"character", nullptr});

  REQUIRE(tokenizer->detokenize(tokenizer->tokenize(line)) == line);
}
