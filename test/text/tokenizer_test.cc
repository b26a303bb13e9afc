#include "seq2seq/text/tokenizer.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/text/characters.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::builtin_tokenizers;

namespace {

using Tokens = std::vector<std::string>;

const text::SentencePieceOptions kSmall{.size = 20};
const std::vector<std::string> kPieces{"a",  "b", "ß",      "é", "e\u0301", "你",  "😀",    " ",  "  ",
                                       "\t", ".", "\u00A0", "▁", "▁▁",      "<s>", "</s>", "\r", "<unk>"};

/// Returns a tokenizer of this name, ready for use.
std::shared_ptr<text::Tokenizer> ready(const std::string& name) {
  Selection selection{name, nullptr};
  if (name == "sentencepiece") selection.options = std::make_shared<text::SentencePieceOptions>(kSmall);
  const auto tokenizer = builtin_tokenizers().make(selection);
  int left = 200;
  const auto next_line = [&left](std::string& line) { return line = "ein Wort und a <s> b </s> auch.", left-- > 0; };
  if (tokenizer->learns()) tokenizer->learn(next_line);
  return tokenizer;
}

std::vector<std::string> inverting() {
  auto names = builtin_tokenizers().names();
  std::erase_if(names, [](const auto& name) { return !ready(name)->is_lossless(); });
  return names;
}

}  // namespace

TEST_CASE("tokenizer: no token is empty or holds a blank", "[text][tokenizer][property]") {
  const auto name = GENERATE_COPY(from_range(builtin_tokenizers().names()));
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937_64 random(seed);
  const auto line = random_text(random, kPieces, static_cast<int>(seed) * 3);
  CAPTURE(name, seed, line);

  for (const auto& token : ready(name)->tokenize(line)) {
    REQUIRE(!token.empty());
    REQUIRE(std::none_of(token.begin(), token.end(), text::is_blank));
  }
}

TEST_CASE("tokenizer: words between single spaces come back as they were", "[text][tokenizer][property]") {
  const auto name = GENERATE_COPY(from_range(inverting()));
  const std::string line = GENERATE("", "a", "ein Wort", "▁ mit ▁▁ Strich▁", "l'été à Besançon 😀 你好", "a <s> b </s>");
  CAPTURE(name, line);
  const auto tokenizer = ready(name);

  REQUIRE(tokenizer->detokenize(tokenizer->tokenize(line)) == line);
}

TEST_CASE("tokenizer: what was put together is cut as before", "[text][tokenizer][property]") {
  const auto name = GENERATE_COPY(from_range(inverting()));
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937_64 random(seed);
  const auto tokenizer = ready(name);
  const auto tokens = tokenizer->tokenize(random_text(random, kPieces, 30));
  CAPTURE(name, seed, tokens);

  REQUIRE(tokenizer->tokenize(tokenizer->detokenize(tokens)) == tokens);
}

TEST_CASE("tokenizer: another one with the model of the first cuts as the first", "[text][tokenizer][property]") {
  const auto name = GENERATE_COPY(from_range(builtin_tokenizers().names()));
  CAPTURE(name);
  const auto first = ready(name);
  if (!first->learns()) {
    REQUIRE(first->model().empty());
    return;
  }
  const auto second = builtin_tokenizers().make({name, nullptr});
  second->set_model(first->model());

  REQUIRE(second->tokenize("ein Wort und auch.") == first->tokenize("ein Wort und auch."));
  REQUIRE(second->model() == first->model());
}

TEST_CASE("tokenizer: by default a line is always cut the same way", "[text][tokenizer][property]") {
  const auto name = GENERATE_COPY(from_range(builtin_tokenizers().names()));
  CAPTURE(name);
  const auto tokenizer = ready(name);
  text::Draws draws(1, text::Side::source, 1, 1);

  REQUIRE(!tokenizer->samples());
  REQUIRE(tokenizer->sample("ein Wort und auch.", draws) == tokenizer->tokenize("ein Wort und auch."));
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
