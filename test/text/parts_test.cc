// Lines of several parts, which are cut separately.

#include "seq2seq/text/parts.h"

#include <string>
#include <vector>

#include "seq2seq/text/character.h"
#include "seq2seq/text/whitespace.h"
#include "test/support/catch.h"

namespace seq2seq::text {
namespace {

using Tokens = std::vector<std::string>;

/// Records the lines that it learns from.
class Listener final : public Tokenizer {
 public:
  Tokens tokenize(std::string_view line) const override { return {std::string(line)}; }
  std::string detokenize(const Tokens& tokens) const override { return tokens.front(); }
  bool learns() const override { return true; }
  void learn(const NextLine& next_line) override {
    for (std::string line; next_line(line);) heard.push_back(line);
  }
  Tokens heard;
};

TEST_CASE("parts: separators with blanks around them are tokens, whatever cuts the parts", "[text][parts]") {
  const PartsTokenizer words(std::make_shared<WhitespaceTokenizer>(WhitespaceOptions{}));
  CHECK(words.tokenize("a b ||| c") == Tokens{"a", "b", "|||", "c"});
  CHECK(words.tokenize(" ||| c") == Tokens{"|||", "c"});
  CHECK(words.tokenize("|||") == Tokens{"|||"});
  CHECK(words.tokenize("a|||b ||||  |||\tc") == Tokens{"a|||b", "||||", "|||", "c"});
  CHECK(words.detokenize({"a", "b", "|||", "c"}) == "a b ||| c");
  CHECK(words.detokenize({"|||", "c"}) == "||| c");
  CHECK(words.detokenize({"a", "|||", "|||"}) == "a ||| |||");
  const PartsTokenizer characters(std::make_shared<CharacterTokenizer>(CharacterOptions{}));
  CHECK(characters.tokenize("ab|||c") == Tokens{"a", "b", "|", "|", "|", "c"});
  CHECK(characters.tokenize(" a b ||| c") == Tokens{"a", "▁", "b", "|||", "c"});
  CHECK(characters.tokenize("ab|||") == Tokens{"a", "b", "|", "|", "|"});
}

TEST_CASE("parts: a tokenizer learns from each part as from a line", "[text][parts]") {
  const auto listener = std::make_shared<Listener>();
  PartsTokenizer parts(listener);
  const Tokens lines{"a b ||| c", "d", "||| e"};
  size_t next = 0;
  parts.learn([&](std::string& line) { return next < lines.size() && (line = lines[next++], true); });
  CHECK(listener->heard == Tokens{"a b", "c", "d", "", "e"});
}

}  // namespace
}  // namespace seq2seq::text
