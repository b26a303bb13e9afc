// Factors of source tokens: how they are written, numbered, counted and checked.

#include "seq2seq/data/factors.h"

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/data/prepare/prepare.h"
#include "seq2seq/data/text_pipeline.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kFactorTokenizers = text::builtin_tokenizers();

using Tokens = std::vector<std::string>;

std::string message_of_check(int64_t factors, const std::string& line) {
  try {
    check_factors(line, {.factors = factors}, {.file = "text", .line = 7});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

DataOptions factored(const TemporaryFolder& folder, const std::string& source, const std::string& target) {
  DataOptions options;
  options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
  options.source_form.factors = 2;
  return options;
}

}  // namespace

TEST_CASE("factors: a token without its factors is an error with line and column", "[data][factors][error]") {
  CHECK(message_of_check(1, "a￨x b￨y ").empty());
  CHECK(message_of_check(0, "a b").empty());
  // The mark takes three bytes, so the second token begins at column 8.
  CHECK_THAT(message_of_check(1, "a￨x  b"),
             ContainsSubstring("text:7:8: the token `b` has 0 factors, but `data.source.factors` is 1") &&
                 ContainsSubstring("word￨factor"));
  CHECK_THAT(message_of_check(1, " a￨x￨y"), ContainsSubstring("text:7:2:") && ContainsSubstring("2 factors"));
  CHECK_THAT(message_of_check(1, "a￨"), ContainsSubstring("an empty factor"));
  CHECK_THAT(message_of_check(1, "￨x"), ContainsSubstring("no word"));
}

TEST_CASE("factors: each word with its values has an id of its own, from which they come back", "[data][factors]") {
  const SourceVocabulary vocabulary(text::Vocabulary({{"a", 3}, {"b", 1}}),
                                    {text::Vocabulary({{"x", 1}, {"y", 1}}), text::Vocabulary({{"1", 1}})});
  CHECK(vocabulary.ids() == 5 * 5 * 4);
  CHECK(vocabulary.factor_sizes() == std::vector<int64_t>{5, 4});
  std::set<int64_t> ids;
  for (const auto* word : {"<unk>", "a", "b"}) {
    for (const auto* first : {"<unk>", "x", "y"}) {
      for (const auto* second : {"<unk>", "1"}) {
        const auto token = std::string(word) + "￨" + first + "￨" + second;
        const auto id = vocabulary.id(token);
        CAPTURE(token, id);
        CHECK(id < vocabulary.ids());
        CHECK(vocabulary.token(id) == token);
        CHECK(vocabulary.word(id) == vocabulary.words().id(word));
        ids.insert(id);
      }
    }
  }
  CHECK(ids.size() == 3 * 3 * 2);
  CHECK(vocabulary.id("b￨y￨1") == 4 + 5 * (4 + 5 * 3));  // the order that weights and files rely on
  CHECK(vocabulary.id("a￨new￨1") == vocabulary.id("a￨<unk>￨1"));
  CHECK(vocabulary.id("<2de>") == text::unknown_id);
  CHECK(vocabulary.token(text::end_id) == "</s>￨<unk>￨<unk>");
}

TEST_CASE("factors: more ids than four bytes hold are refused", "[data][factors][error]") {
  std::vector<text::Vocabulary::Word> words;
  for (int64_t word = 0; word < 70'000; ++word) words.push_back({"w" + std::to_string(word), 1});
  const text::Vocabulary many(words);
  CHECK_THROWS_WITH(SourceVocabulary(many, {many}), ContainsSubstring("more than 4,294,967,296"));
}

TEST_CASE("factors: prepared text has the vocabularies and ids of text that is read", "[data][factors][prepare]") {
  const TemporaryFolder folder;
  std::string source, target;
  for (int line = 0; line < 20; ++line) {
    source += "a￨x￨" + std::to_string(line % 3) + " b￨y￨one rare" + std::to_string(line) + "￨x￨0\n";
    target += "c d\n";
  }
  auto options = factored(folder, source, target);
  options.source.vocabulary.size = 3;
  options.train.tags = {"<2de>"};
  std::ostringstream said;
  Log log(said);
  PrepareJob job;
  job.data = &options;
  job.tokenizers = &kFactorTokenizers;
  job.folder = {folder / "prepared"};
  job.log = &log;
  prepare(job);
  const auto prepared = open_prepared(job.folder, job.keys, {.factors = 2});
  const auto text = TextPipeline::from_training_text(options, kFactorTokenizers);
  const auto corpus = read_corpus(options.train, text);
  REQUIRE(prepared.factors.size() == 2);
  for (size_t factor = 0; factor < 2; ++factor)
    CHECK(prepared.factors[factor].serialize() == text.source().factors()[factor].serialize());
  CHECK(text.source().factors()[1].words().size() == 4);
  CHECK(prepared.source_vocabulary.serialize() == text.source_vocabulary().serialize());
  for (int64_t pair = 0; pair < 20; ++pair) CHECK(prepared.corpus.source[pair] == corpus.source[pair]);
  const auto tokens = text.source_words(corpus.source[1]);
  CHECK(tokens == Tokens{"<2de>￨<unk>￨<unk>", "a￨x￨1", "b￨y￨one", "<unk>￨x￨0"});
  CHECK(prepared.summary.source.unknown == 20);  // the rare words
  CHECK(text.is_unknown(text::Side::source, corpus.source[1][3]));
  CHECK_FALSE(text.is_unknown(text::Side::source, corpus.source[1][1]));
}

TEST_CASE("factors: a training line without them stops the reading at file, line and column",
          "[data][factors][error]") {
  const TemporaryFolder folder;
  const auto options = factored(folder, "a￨x￨1\na￨x￨1 b￨y\n", "c\nd\n");
  CHECK_THROWS_WITH(TextPipeline::from_training_text(options, kFactorTokenizers),
                    ContainsSubstring("source:2:11: the token `b￨y` has 1 factor, but `data.source.factors` is 2"));
}
