#include "seq2seq/text/sentencepiece.h"

#include <algorithm>
#include <random>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <set>
#include <stdio.h>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"
#include "test/text/moses_lines.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::Draws;
using text::SentencePieceOptions;
using text::SentencePieceTokenizer;
using text::Side;
using text::SubwordKind;

namespace {

using Tokens = std::vector<std::string>;

text::NextLine reading(const std::vector<std::string>& lines) {
  return [&lines, at = std::size_t{0}](std::string& line) mutable {
    if (at == lines.size()) return false;
    line = lines[at++];
    return true;
  };
}

const std::vector<std::string>& real_text() {
  static const auto lines = licence_lines();
  return lines;
}

SentencePieceTokenizer trained(SentencePieceOptions options, const std::vector<std::string>& lines = real_text()) {
  SentencePieceTokenizer tokenizer(options);
  tokenizer.learn(reading(lines));
  return tokenizer;
}

/// The model of one kind, trained once for all cases.
const std::string& model_of(SubwordKind kind) {
  static const std::string unigram = trained({.train = SubwordKind::unigram, .size = 1000}).model();
  static const std::string bpe = trained({.train = SubwordKind::bpe, .size = 1000}).model();
  return kind == SubwordKind::unigram ? unigram : bpe;
}

SentencePieceTokenizer with_model(const std::string& bytes, const text::SubwordSampleOptions& sample = {}) {
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.sample = sample});
  tokenizer.set_model(bytes);
  return tokenizer;
}

SentencePieceTokenizer of_kind(SubwordKind kind, const text::SubwordSampleOptions& sample = {}) {
  return with_model(model_of(kind), sample);
}

/// What goes to standard output and standard error while `work` runs.
template <class Work>
std::string output_of(Work work) {
  const TemporaryFolder folder;
  const auto path = folder.file("output", "");
  fflush(stdout), fflush(stderr);
  const int out = dup(1), err = dup(2);
  FILE* file = fopen(path.c_str(), "w");
  dup2(fileno(file), 1), dup2(fileno(file), 2);
  work();
  fflush(stdout), fflush(stderr);
  dup2(out, 1), dup2(err, 2);
  close(out), close(err), fclose(file);
  return content_of(path);
}

Tokens characters_of(std::string_view text) {
  Tokens characters;
  for (; !text.empty(); text.remove_prefix(characters.back().size())) {
    characters.emplace_back(first_characters(text, 1));
  }
  return characters;
}

/// The logarithm of its probability under the unigram model, unknown characters left out.
double score_of(const Tokens& tokens, const sentencepiece::SentencePieceProcessor& library) {
  double score = 0;
  for (const auto& token : tokens) {
    const int id = library.PieceToId(token);
    if (!library.IsUnknown(id)) score += library.GetScore(id);
  }
  return score;
}

std::string fault_of(const SentencePieceOptions& options, const std::vector<std::string>& lines) {
  try {
    trained(options, lines);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
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

TEST_CASE("sentencepiece: the same text trains the same model, at any time", "[text][sentencepiece][property]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);

  REQUIRE(trained({.train = kind, .size = 1000}).model() == model_of(kind));
}

TEST_CASE("sentencepiece: more lines than it holds are sampled evenly, and the same each time",
          "[text][sentencepiece][property]") {
  std::vector<std::string> lines;
  for (int i = 0; i < 4000; ++i) lines.push_back(i < 2000 ? "alpha beta alpha beta" : "gamma delta gamma delta");
  const SentencePieceOptions options{.train = SubwordKind::bpe, .size = 28, .training_lines = 100};
  const auto tokenizer = trained(options, lines);

  REQUIRE(tokenizer.tokenize("alpha delta") == Tokens{"▁alpha", "▁delta"});  // both halves were seen
  REQUIRE(trained(options, lines).model() == tokenizer.model());
}

TEST_CASE("sentencepiece: a size counts the pieces that are not special", "[text][sentencepiece]") {
  sentencepiece::SentencePieceProcessor library;
  REQUIRE(library.LoadFromSerializedProto(model_of(SubwordKind::bpe)).ok());

  REQUIRE(library.GetPieceSize() == 1001);  // and the unknown piece
}

TEST_CASE("sentencepiece: a character that the model does not know is a token of its own", "[text][sentencepiece]") {
  const auto tokens = of_kind(SubwordKind::unigram).tokenize("你好 of");

  REQUIRE(tokens == Tokens{"▁", "你", "好", "▁of"});
}

TEST_CASE("sentencepiece: other blanks of ASCII come back as spaces", "[text][sentencepiece]") {
  const auto tokenizer = of_kind(SubwordKind::bpe);

  REQUIRE(tokenizer.detokenize(tokenizer.tokenize("a\tb\r c")) == "a b  c");
}

TEST_CASE("sentencepiece: a given model is read, and it alone", "[text][sentencepiece]") {
  const TemporaryFolder folder;
  const auto file = folder.file("a.model", model_of(SubwordKind::bpe));
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.model = file});
  tokenizer.learn([](std::string&) -> bool { throw std::logic_error("no line is to be read"); });

  REQUIRE(tokenizer.model() == model_of(SubwordKind::bpe));
  REQUIRE(tokenizer.tokenize("the terms") == of_kind(SubwordKind::bpe).tokenize("the terms"));
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

TEST_CASE("sentencepiece: training says nothing", "[text][sentencepiece]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);

  REQUIRE(output_of([&] { trained({.train = kind, .size = 300}); }).empty());
}

TEST_CASE("sentencepiece: a size that does not fit is told with one that does", "[text][sentencepiece][error]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const std::vector<std::string> lines(50, "one two three four five six seven");
  std::string message;
  const auto output = output_of([&] { message = fault_of({.train = kind, .size = 8000}, lines); });
  CAPTURE(message, output);

  REQUIRE_THAT(message, ContainsSubstring("`size: 8000` is more than the training text has pieces for"));
  const auto named = std::stoll(message.substr(message.find("at most ") + 8));
  REQUIRE(fault_of({.train = kind, .size = named}, lines).empty());
  REQUIRE(!fault_of({.train = kind, .size = named + 1}, lines).empty());
  REQUIRE(output.empty());
}

TEST_CASE("sentencepiece: a size below the number of characters is told", "[text][sentencepiece][error]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const auto message = fault_of({.train = kind, .size = 5}, {"the quick brown fox jumps over the lazy dog"});

  REQUIRE_THAT(message, ContainsSubstring("`size: 5` is less than the 27 different characters"));
}

TEST_CASE("sentencepiece: a text without a word is told", "[text][sentencepiece][error]") {
  REQUIRE_THAT(fault_of({}, {}), ContainsSubstring("no word to learn from"));
  REQUIRE_THAT(fault_of({}, {"", "  "}), ContainsSubstring("no word to learn from"));
}

TEST_CASE("sentencepiece: what is no model is told with its file", "[text][sentencepiece][error]") {
  const TemporaryFolder folder;
  const auto& good = model_of(SubwordKind::bpe);
  const auto bytes = GENERATE_COPY(std::string("no model"), std::string(), good.substr(0, good.size() / 2));
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.model = folder.file("bad.model", bytes)});
  std::string message;
  const auto output = output_of([&] {
    try {
      tokenizer.learn([](std::string&) { return false; });
    } catch (const FormatError& error) {
      message = error.what();
    }
  });

  REQUIRE_THAT(message, ContainsSubstring("bad.model: is no model of SentencePiece"));
  REQUIRE(output.empty());
}

TEST_CASE("sentencepiece: a missing model is named", "[text][sentencepiece][error]") {
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.model = "/nowhere/m.model"});

  REQUIRE_THROWS_WITH(tokenizer.learn([](std::string&) { return false; }), ContainsSubstring("/nowhere/m.model"));
}
