#include <sentencepiece_processor.h>
#include <stdexcept>
#include <stdio.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/text/sentencepiece_models.h"

using namespace seq2seq;
using namespace seq2seq::test;

namespace {

using Tokens = std::vector<std::string>;

/// Returns the text on standard output and standard error while `work` runs.
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

std::string fault_of(const SentencePieceOptions& options, const std::vector<std::string>& lines) {
  try {
    trained(options, lines);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

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

TEST_CASE("sentencepiece: a given model is read, and it alone", "[text][sentencepiece]") {
  const TemporaryFolder folder;
  const auto file = folder.file("a.model", model_of(SubwordKind::bpe));
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.model = file});
  tokenizer.learn([](std::string&) -> bool { throw std::logic_error("no line is to be read"); });

  REQUIRE(tokenizer.model() == model_of(SubwordKind::bpe));
  REQUIRE(tokenizer.tokenize("the terms") == of_kind(SubwordKind::bpe).tokenize("the terms"));
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

  REQUIRE_THAT(message, ContainsSubstring("the training text has too few pieces for `size: 8000`"));
  const auto named = std::stoll(message.substr(message.find("at most ") + 8));
  REQUIRE(fault_of({.train = kind, .size = named}, lines).empty());
  REQUIRE(!fault_of({.train = kind, .size = named + 1}, lines).empty());
  REQUIRE(output.empty());
}

TEST_CASE("sentencepiece: a size below the number of characters is told", "[text][sentencepiece][error]") {
  const auto kind = GENERATE(SubwordKind::unigram, SubwordKind::bpe);
  const auto message = fault_of({.train = kind, .size = 5}, {"the quick brown fox jumps over the lazy dog"});

  REQUIRE_THAT(message, ContainsSubstring("`size: 5` is less than the number of different characters, 27"));
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

  REQUIRE_THAT(message, ContainsSubstring("bad.model: is not a SentencePiece model"));
  REQUIRE(output.empty());
}

TEST_CASE("sentencepiece: a model is not sampled as the other kind is", "[text][sentencepiece][error]") {
  REQUIRE_THROWS_WITH(of_kind(SubwordKind::bpe, {.alpha = 0.5}), ContainsSubstring("Set `sample.dropout`"));
  REQUIRE_THROWS_WITH(of_kind(SubwordKind::unigram, {.alpha = std::nullopt, .dropout = 0.1}),
                      ContainsSubstring("Set `sample.alpha`"));
}

TEST_CASE("sentencepiece: a missing model is named", "[text][sentencepiece][error]") {
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.model = "/nowhere/m.model"});

  REQUIRE_THROWS_WITH(tokenizer.learn([](std::string&) { return false; }), ContainsSubstring("/nowhere/m.model"));
}
