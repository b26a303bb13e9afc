// Words with factors, with the words cut by another tokenizer.

#include "seq2seq/text/factors.h"

#include <memory>
#include <random>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/character.h"
#include "seq2seq/text/moses.h"
#include "seq2seq/text/whitespace.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/text/sentencepiece_models.h"

namespace seq2seq::text {
namespace {

using namespace seq2seq::test;
using Tokens = std::vector<std::string>;

FactorsTokenizer of_characters() { return FactorsTokenizer(std::make_shared<CharacterTokenizer>(CharacterOptions{})); }

FactorsTokenizer of_subwords(SubwordKind kind, const SubwordSampleOptions& sample = {}) {
  return FactorsTokenizer(std::make_shared<SentencePieceTokenizer>(of_kind(kind, sample)));
}

/// Returns the words of a line with two factors: the number of the word, and its first letter.
std::string with_numbers(const std::string& line) {
  std::string text;
  const auto words = WhitespaceTokenizer({}).tokenize(line);
  for (size_t i = 0; i < words.size(); ++i)
    text += fmt::format("{}{}￨{}￨{}", i == 0 ? "" : " ", words[i], i, first_characters(words[i], 1));
  return text;
}

std::string single_blanks(const std::string& line) {
  return WhitespaceTokenizer({}).detokenize(WhitespaceTokenizer({}).tokenize(line));
}

/// Returns a model with the given options of other projects, trained on real text.
std::string model_with(const std::string& options) {
  const TemporaryFolder folder;
  std::string text;
  for (const auto& line : real_text()) text += line + "\n";
  const auto input = folder.file("text", text), prefix = folder / "model";
  const auto status = sentencepiece::SentencePieceTrainer::Train(fmt::format(
      "--input={} --model_prefix={} --vocab_size=400 --minloglevel=2 {}", input.string(), prefix.string(), options));
  REQUIRE(status.ok());
  return content_of(prefix.string() + ".model");
}

TEST_CASE("factors: a token is split at its marks", "[text][factors]") {
  const auto split = split_factors("Häuser￨NN￨");
  CHECK(split.word == "Häuser");
  CHECK(split.values == std::vector<std::string_view>{"NN", ""});
  CHECK(split_factors("a|b").values.empty());
}

TEST_CASE("factors: each token of a word has the word's factors", "[text][factors]") {
  const FactorsTokenizer words(std::make_shared<WhitespaceTokenizer>(WhitespaceOptions{}));
  CHECK(words.tokenize(" die￨ART  Häuser￨NN￨x\t") == Tokens{"die￨ART", "Häuser￨NN￨x"});
  CHECK(words.detokenize({"die￨ART", "Häuser￨NN￨x"}) == "die￨ART Häuser￨NN￨x");
  const auto characters = of_characters();
  CHECK(characters.tokenize("ab￨X c￨Y") == Tokens{"a￨X", "b￨X", "▁￨Y", "c￨Y"});
  CHECK(characters.tokenize("▁￨X") == Tokens{"▁▁￨X"});
  CHECK(characters.tokenize("").empty());
}

TEST_CASE("factors: subwords are those of the line without factors, and come back as the line",
          "[text][factors][sentencepiece][property]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const auto plain = of_kind(kind);
  const auto factored = of_subwords(kind);
  for (const auto& real : real_text()) {
    const auto line = single_blanks(real);
    CAPTURE(line);
    Tokens texts;
    int64_t word = -1;
    for (const auto& token : factored.tokenize(with_numbers(line))) {
      const auto split = split_factors(token);
      REQUIRE(split.values.size() == 2);
      if (split.word.starts_with("▁")) ++word;
      REQUIRE(split.values.front() == std::to_string(word));
      texts.emplace_back(split.word);
    }
    REQUIRE(texts == plain.tokenize(line));
    REQUIRE(factored.detokenize(factored.tokenize(with_numbers(line))) == with_numbers(line));
  }
}

TEST_CASE("factors: lines of hard words come back, whatever cuts them and however it is drawn",
          "[text][factors][property]") {
  const auto seed = GENERATE(range(1u, 31u));
  std::mt19937_64 random(seed);
  const auto line = with_numbers(single_blanks(random_text(
      random, {"a", "the", "é", "你", " ", "  ", "▁", "▁▁", "▂", "▂▃", "\u00A0", "<s>", "<0x41>", "1"}, 30)));
  CAPTURE(seed, line);
  for (const auto& tokenizer : {of_characters(), of_subwords(SubwordKind::unigram), of_subwords(SubwordKind::bpe),
                                of_subwords(SubwordKind::unigram, {.alpha = 0.1, .dropout = 0}),
                                of_subwords(SubwordKind::bpe, {.alpha = {}, .dropout = 0.4})}) {
    CHECK(tokenizer.detokenize(tokenizer.tokenize(line)) == line);
    Draws draws(seed, Side::source, 1, 2);
    if (tokenizer.samples()) CHECK(tokenizer.detokenize(tokenizer.sample(line, draws)) == line);
  }
}

TEST_CASE("factors: a tokenizer learns from the words alone", "[text][factors][sentencepiece]") {
  const FactorsTokenizer factored(
      std::make_shared<SentencePieceTokenizer>(SentencePieceOptions{.train = SubwordKind::bpe, .size = 300}));
  Tokens lines, with_factors;
  for (const auto& line : real_text()) lines.push_back(single_blanks(line));
  for (const auto& line : lines) with_factors.push_back(with_numbers(line));
  auto learned = factored;
  learned.learn(reading(with_factors));
  CHECK(learned.model() == trained({.train = SubwordKind::bpe, .size = 300}, lines).model());
}

TEST_CASE("factors: models that mark the end of words, or change their characters, keep factors at their words",
          "[text][factors][sentencepiece]") {
  const auto options = GENERATE(as<std::string>(), "--treat_whitespace_as_suffix=true --model_type=bpe",
                                "--normalization_rule_name=nmt_nfkc_cf --byte_fallback=true");
  CAPTURE(options);
  const FactorsTokenizer tokenizer(std::make_shared<SentencePieceTokenizer>(with_model(model_with(options))));
  for (const auto& real : real_text()) {
    const auto line = with_numbers(single_blanks(real));
    const auto back = WhitespaceTokenizer({}).tokenize(tokenizer.detokenize(tokenizer.tokenize(line)));
    const auto words = WhitespaceTokenizer({}).tokenize(line);
    CAPTURE(line);
    REQUIRE(back.size() == words.size());
    for (size_t i = 0; i < words.size(); ++i) REQUIRE(split_factors(back[i]).values == split_factors(words[i]).values);
  }
}

TEST_CASE("factors: a model that does not tell where words begin is refused", "[text][factors][sentencepiece][error]") {
  FactorsTokenizer tokenizer(std::make_shared<SentencePieceTokenizer>(SentencePieceOptions{}));
  CHECK_THROWS_WITH(tokenizer.set_model(model_with("--add_dummy_prefix=false")),
                    ContainsSubstring("does not tell where a word begins") && ContainsSubstring("add_dummy_prefix"));
  CHECK_FALSE(MosesTokenizer({}).between_words().has_value());
}

}  // namespace
}  // namespace seq2seq::text
