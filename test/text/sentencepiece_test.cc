#include "seq2seq/text/sentencepiece.h"

#include <random>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "seq2seq/core/text.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"
#include "test/text/sentencepiece_models.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::Draws;
using text::Side;

namespace {

using Tokens = std::vector<std::string>;

Tokens characters_of(std::string_view text) {
  Tokens characters;
  for (; !text.empty(); text.remove_prefix(characters.back().size())) {
    characters.emplace_back(first_characters(text, 1));
  }
  return characters;
}

/// Returns the log-probability under the unigram model, without unknown characters.
double score_of(const Tokens& tokens, const sentencepiece::SentencePieceProcessor& library) {
  double score = 0;
  for (const auto& token : tokens) {
    const int id = library.PieceToId(token);
    if (!library.IsUnknown(id)) score += library.GetScore(id);
  }
  return score;
}

}  // namespace

TEST_CASE("sentencepiece: cuts real text as its library does", "[text][sentencepiece][witness]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const auto tokenizer = of_kind(kind);
  sentencepiece::SentencePieceProcessor library;
  REQUIRE(library.LoadFromSerializedProto(model_of(kind)).ok());
  for (const auto& line : real_text()) {
    Tokens pieces, expected;
    REQUIRE(library.Encode(line, &pieces).ok());
    for (const auto& piece : pieces) {  // the library joins unknown characters
      const bool unknown = library.PieceToId(piece) == library.unk_id();
      const auto parts = unknown ? characters_of(piece) : Tokens{piece};
      expected.insert(expected.end(), parts.begin(), parts.end());
    }
    CAPTURE(line);
    REQUIRE(tokenizer.tokenize(line) == expected);
    REQUIRE(tokenizer.detokenize(pieces) == library.DecodePieces(pieces));
  }
}

TEST_CASE("sentencepiece: every line without other blanks than spaces comes back byte by byte",
          "[text][sentencepiece][property]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const auto seed = GENERATE(range(1u, 51u));
  std::mt19937_64 random(seed);
  const auto line = random_text(
      random, {"a", "the ", "é", "你", "好", " ", "  ", "▁", "▁▁", "▂", "▃", "▂▃", "\u00A0", "<s>", "<unk>", "<0x41>"},
      30);
  CAPTURE(seed, line);
  const auto tokenizer = of_kind(kind);

  REQUIRE(tokenizer.detokenize(tokenizer.tokenize(line)) == line);
}

TEST_CASE("sentencepiece: sampled tokens are put together to the same line", "[text][sentencepiece][property]") {
  const bool unigram = GENERATE(true, false);
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937_64 random(seed);
  const auto line =
      random_text(random, {"a", "the ", "licence", "é", "你", "好", " ", "  ", "▁", "▂", "<s>", "ation"}, 30);
  CAPTURE(unigram, seed, line);
  const auto tokenizer = unigram ? of_kind(SubwordKind::unigram, {.alpha = 0.1})
                                 : of_kind(SubwordKind::bpe, {.alpha = std::nullopt, .dropout = 0.3});
  Draws draws(seed, Side::source, 0, 0);

  REQUIRE(tokenizer.detokenize(tokenizer.sample(line, draws)) == line);
}

TEST_CASE("sentencepiece: BPE whose dropout never drops cuts real text as the library does",
          "[text][sentencepiece][witness]") {
  const auto tokenizer = of_kind(SubwordKind::bpe, {.alpha = std::nullopt, .dropout = 1e-300});
  REQUIRE(tokenizer.samples());
  for (std::size_t i = 0; i < real_text().size(); ++i) {
    Draws draws(1, Side::source, 0, i);
    CAPTURE(real_text()[i]);
    REQUIRE(tokenizer.sample(real_text()[i], draws) == tokenizer.tokenize(real_text()[i]));
  }
}

TEST_CASE("sentencepiece: with a large alpha real text is cut as the library does, or as probably",
          "[text][sentencepiece][witness]") {
  const auto tokenizer = of_kind(SubwordKind::unigram, {.alpha = 1e7});
  sentencepiece::SentencePieceProcessor library;
  REQUIRE(library.LoadFromSerializedProto(model_of(SubwordKind::unigram)).ok());
  std::size_t other = 0;
  for (std::size_t i = 0; i < real_text().size(); ++i) {
    Draws draws(1, Side::source, 0, i);
    const auto sampled = tokenizer.sample(real_text()[i], draws), best = tokenizer.tokenize(real_text()[i]);
    if (sampled == best) continue;
    ++other;  // `www` is `ww w` or `w ww`: equal sums, or sums that differ by the library's rounding to float
    CAPTURE(sampled, best);
    REQUIRE_THAT(score_of(sampled, library), WithinAbs(score_of(best, library), 1e-4));
  }
  REQUIRE(other < real_text().size() / 50);
}

TEST_CASE("sentencepiece: a line is cut alike by equal draws, and anew in another epoch", "[text][sentencepiece]") {
  const auto tokenizer = of_kind(SubwordKind::unigram, {.alpha = 0.2});
  const std::string line = "a licence to modify the program";
  const auto in_epoch = [&](uint64_t epoch) {
    Draws draws(1, Side::source, epoch, 5);
    return tokenizer.sample(line, draws);
  };
  std::set<Tokens> different;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) different.insert(in_epoch(epoch));

  REQUIRE(in_epoch(3) == in_epoch(3));
  REQUIRE(different.size() > 10);
}

TEST_CASE("sentencepiece: a character that the model does not know is a token of its own", "[text][sentencepiece]") {
  const auto tokens = of_kind(SubwordKind::unigram).tokenize("你好 of");

  REQUIRE(tokens == Tokens{"▁", "你", "好", "▁of"});
}

TEST_CASE("sentencepiece: other blanks of ASCII come back as spaces", "[text][sentencepiece]") {
  const auto tokenizer = of_kind(SubwordKind::bpe);

  REQUIRE(tokenizer.detokenize(tokenizer.tokenize("a\tb\r c")) == "a b  c");
}

TEST_CASE("sentencepiece: a given model that writes unknown characters as bytes does so, sampled or not",
          "[text][sentencepiece][witness]") {
  const std::string type = GENERATE("unigram", "bpe");
  TemporaryFolder folder;
  std::string text, model;
  for (const auto& line : real_text()) text += line + "\n";
  const std::unordered_map<std::string, std::string> arguments{{"input", folder.file("text", text)},
                                                               {"model_prefix", folder / "m"},
                                                               {"vocab_size", "1200"},
                                                               {"model_type", type},
                                                               {"byte_fallback", "true"},
                                                               {"minloglevel", "3"}};
  REQUIRE(sentencepiece::SentencePieceTrainer::Train(arguments).ok());
  sentencepiece::SentencePieceProcessor library;
  REQUIRE(library.LoadFromSerializedProto(content_of(folder / "m.model")).ok());
  const auto tokenizer = with_model(content_of(folder / "m.model"));
  const auto sampling = with_model(content_of(folder / "m.model"),
                                   type == "bpe" ? text::SubwordSampleOptions{.alpha = std::nullopt, .dropout = 1e-300}
                                                 : text::SubwordSampleOptions{.alpha = 1e7});
  const std::string line = "你 have the right é";
  Draws draws(1, Side::source, 0, 0);

  REQUIRE(tokenizer.tokenize(line) == library.EncodeAsPieces(line));
  REQUIRE(tokenizer.detokenize(tokenizer.tokenize(line)) == line);
  REQUIRE(sampling.sample(line, draws) == tokenizer.tokenize(line));
}
