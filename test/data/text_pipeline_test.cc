#include "seq2seq/data/text_pipeline.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Ids = std::vector<int64_t>;

DataOptions trained_on(const TemporaryFolder& folder, const std::string& source, const std::string& target) {
  DataOptions options;
  options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
  return options;
}

const auto kPipelineTokenizers = text::builtin_tokenizers();

}  // namespace

TEST_CASE("text pipeline: what the decoder writes, reversed twice, is as it was", "[data][text_pipeline][property]") {
  const auto reverse = GENERATE(Reverse::none, Reverse::source, Reverse::target, Reverse::both);
  const auto seed = GENERATE(range(1u, 6u));
  CAPTURE(static_cast<int>(reverse), seed);
  DataOptions options;
  options.reverse = reverse;
  const auto text = numbered_pipeline(options);
  std::mt19937_64 random(seed);

  for (const auto& ids : random_sentences(random, random_lengths(random)))
    REQUIRE(text.decoder_ids(text.decoder_ids(ids)) == ids);
}

TEST_CASE("text pipeline: an encoder always has something to read", "[data][text_pipeline]") {
  const auto [end, ids] = GENERATE(table<SourceEnd, Ids>({{SourceEnd::none, {text::unknown_id}},
                                                          {SourceEnd::after, {text::end_id}},
                                                          {SourceEnd::reversed, {text::end_id}}}));
  DataOptions options;
  options.source_end = end;

  REQUIRE(numbered_pipeline(options).encoder_ids({}) == ids);
}

TEST_CASE("text pipeline: words of the target come back from their ids, others as <unk>", "[data][text_pipeline]") {
  const auto text = numbered_pipeline({});

  REQUIRE(text.target_ids({"w3", "no", "w22", "</s>"}) == Ids{3, text::unknown_id, 22, text::unknown_id});
  REQUIRE(text.target_words({3, text::unknown_id, 22}) == std::vector<std::string>{"w3", "<unk>", "w22"});
}

TEST_CASE("text pipeline: each side's words are counted in its own tokens", "[data][text_pipeline]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "ab a\na\n", "xy\nx y\n");
  options.source.tokenizer.kind = "character";
  const auto text = TextPipeline::from_training_text(options, kPipelineTokenizers);

  REQUIRE(text.source_vocabulary().count(text.source_vocabulary().id("a")) == 3);
  REQUIRE(text.source_vocabulary().count(text.source_vocabulary().id("▁")) == 1);
  REQUIRE(text.target_vocabulary().words().size() == 3);
}

TEST_CASE("text pipeline: the sizes asked for hold for each side", "[data][text_pipeline]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a a b c\n", "x x y y z\n");
  options.source.vocabulary.size = 1;
  options.target.vocabulary.minimum_count = 2;
  const auto text = TextPipeline::from_training_text(options, kPipelineTokenizers);

  REQUIRE(text.source_vocabulary().words().size() == 1);
  REQUIRE(text.target_vocabulary().words().size() == 2);
}

TEST_CASE("text pipeline: pairs that are not trained on give no words", "[data][text_pipeline]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a\nlong long long\nbad\xFF\nalone\n", "x\ny\nz\n\n");
  options.clean.max_length = 2;
  options.invalid_utf8 = InvalidUtf8::drop;
  const auto text = TextPipeline::from_training_text(options, kPipelineTokenizers);

  REQUIRE(text.source_vocabulary().words().size() == 1);
  REQUIRE(text.target_vocabulary().words().size() == 1);
}

TEST_CASE("text pipeline: training text without lines is refused with its name", "[data][text_pipeline][error]") {
  const TemporaryFolder folder;
  const auto options = trained_on(folder, "", "");

  REQUIRE_THROWS_WITH(TextPipeline::from_training_text(options, kPipelineTokenizers),
                      ContainsSubstring((folder / "source").string() + ": is empty") &&
                          ContainsSubstring((folder / "target").string()));
}

TEST_CASE("text pipeline: unequal numbers of lines are told with both counts and both files",
          "[data][text_pipeline][error]") {
  const TemporaryFolder folder;
  const auto [source, target, counts] =
      GENERATE(table<std::string, std::string, std::string>({{"a\nb\nc\n", "x\n", "has 3 lines"},
                                                             {"a\n", "x\ny\n", "has 2 lines"},
                                                             {"", "x\n", "has 0 lines"},
                                                             {"a\n", "", "has 1 line,"}}));
  const auto options = trained_on(folder, source, target);

  REQUIRE_THROWS_WITH(TextPipeline::from_training_text(options, kPipelineTokenizers),
                      ContainsSubstring((folder / "source").string()) &&
                          ContainsSubstring((folder / "target").string()) && ContainsSubstring(counts));
}

TEST_CASE("text pipeline: what a tokenizer cannot learn is told with the side that it is of",
          "[data][text_pipeline][error]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a b\n", "x y\n");
  const auto of_target = GENERATE(false, true);
  auto& side = of_target ? options.target : options.source;
  side.tokenizer = {.kind = "sentencepiece", .options = std::make_shared<text::SentencePieceOptions>()};

  REQUIRE_THROWS_WITH(TextPipeline::from_training_text(options, kPipelineTokenizers),
                      ContainsSubstring(of_target ? "data.target.tokenizer: " : "data.source.tokenizer: ") &&
                          ContainsSubstring("Set `size` to at most"));
}

TEST_CASE("text pipeline: a vocabulary without words is refused", "[data][text_pipeline][error]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a b\n", "x y\n");
  options.target.vocabulary.minimum_count = 2;

  REQUIRE_THROWS_WITH(TextPipeline::from_training_text(options, kPipelineTokenizers),
                      ContainsSubstring("the vocabulary of the target side"));
}

TEST_CASE("text pipeline: a vocabulary that both sides share has the words of both", "[data][text_pipeline]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a a b\n", "b c\n");
  options.shared_vocabulary = true;
  const auto text = TextPipeline::from_training_text(options, kPipelineTokenizers);

  REQUIRE(text.source_vocabulary().serialize() == text.target_vocabulary().serialize());
  REQUIRE(text.source_vocabulary().count(text.source_vocabulary().id("b")) == 2);
  REQUIRE(text.source_vocabulary().words().size() == 3);
}

TEST_CASE("text pipeline: a vocabulary that is there already is taken as it is", "[data][text_pipeline]") {
  const TemporaryFolder folder;
  auto options = trained_on(folder, "a a b\n", "b c\n");
  options.source.vocabulary.file = folder.file("words", "# seq2seq vocabulary 1\nz\t5\nb\t9\n");
  const auto text = TextPipeline::from_training_text(options, kPipelineTokenizers);

  REQUIRE(text.source_ids({"b", "a", "z"}) == Ids{4, text::unknown_id, 3});
  REQUIRE(text.target_vocabulary().words().size() == 2);
}
