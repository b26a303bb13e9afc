#include "seq2seq/text/line_tokenizer.h"

#include <memory>
#include <string>
#include <vector>

#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::text;

namespace {

using Words = std::vector<std::string>;

LineTokenizer whitespace(const NormalizeOptions& normalize, SpecialSymbols special_symbols) {
  return {normalize, special_symbols, builtin_tokenizers().make({.kind = "whitespace", .options = nullptr})};
}

/// Only records the lines that it learns from.
struct Listener final : Tokenizer {
  std::string heard;
  Words tokenize(std::string_view) const override { return {heard}; }
  std::string detokenize(const Words&) const override { return heard; }
  bool learns() const override { return true; }
  void learn(const NextLine& next_line) override {
    for (std::string line; next_line(line);) heard += line + "|";
  }
  std::string model() const override { return heard; }
  void set_model(std::string_view bytes) override { heard = bytes; }
};

}  // namespace

TEST_CASE("line tokenizer: a line is brought to its normal form, then cut, then escaped", "[text][line_tokenizer]") {
  const auto tokenizer = whitespace({.form = NormalForm::nfkc, .lowercase = true}, SpecialSymbols::escape);
  LineTokenizer::Changes changes;
  REQUIRE(tokenizer.tokenize("Of <S> x", changes) == Words{"of", "\\<s>", "x"});
  REQUIRE(changes.normalized);
  REQUIRE(changes.escaped);
  REQUIRE(tokenizer.detokenize({"of", "\\<s>", "x"}) == "of <s> x");
}

TEST_CASE("line tokenizer: says of each line what became of it, and of others nothing", "[text][line_tokenizer]") {
  const auto tokenizer = whitespace({.lowercase = true}, SpecialSymbols::error);
  for (const auto& [line, normalized, refused] :
       {std::tuple{"a b", false, ""}, {"A b", true, ""}, {"a </s>", false, "</s>"}}) {
    LineTokenizer::Changes changes;
    tokenizer.tokenize(line, changes);
    CAPTURE(line);
    REQUIRE(changes.normalized == normalized);
    REQUIRE(changes.refused == refused);
    REQUIRE(!changes.escaped);
  }
}

TEST_CASE("line tokenizer: what it cuts with learns from normal forms", "[text][line_tokenizer]") {
  LineTokenizer tokenizer({.lowercase = true}, SpecialSymbols::unknown, std::make_shared<Listener>());
  Words lines{"One", "TWO"};
  tokenizer.learn([&lines](std::string& line) {
    if (lines.empty()) return false;
    line = lines.front();
    lines.erase(lines.begin());
    return true;
  });
  REQUIRE(tokenizer.model() == "one|two|");
}
