#include "seq2seq/data/prepare/prepare.h"

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/data/prepare/work.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

TEST_CASE("prepare: gives what reading the text into memory gives, with any vocabulary",
          "[data][prepare][witness][property]") {
  const auto seed = GENERATE(range(1u, 4u));
  const auto size = GENERATE(int64_t{0}, int64_t{7});
  const auto shared = GENERATE(false, true);
  CAPTURE(seed, size, shared);
  std::mt19937_64 random(seed);
  PrepareWork work(joined(random_lines(random, 300, 40)), joined(random_lines(random, 300, 30)));
  work.options.clean.max_length = 11;
  work.options.source.vocabulary.size = size;
  work.options.shared_vocabulary = shared;
  const auto summary = work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(work.options.train, text);
  REQUIRE(prepared.source_vocabulary.serialize() == text.source_vocabulary().serialize());
  REQUIRE(prepared.target_vocabulary.serialize() == text.target_vocabulary().serialize());
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  REQUIRE(prepared.corpus.left_out.text() == corpus.left_out.text());
  int64_t unknown = 0;
  for (int64_t i = 0; i < corpus.pairs(); ++i) {
    REQUIRE(prepared.corpus.number(i) == corpus.number(i));
    REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
    REQUIRE(prepared.corpus.target[i] == corpus.target[i]);
    const auto ids = corpus.source[i];
    unknown += std::count(ids.begin(), ids.end(), text::unknown_id);
  }
  REQUIRE(summary.source.unknown == unknown);
  REQUIRE(summary.source.tokens == corpus.source.tokens());
  REQUIRE(summary.content_digest == content_digest(work.options.train));
}

TEST_CASE("prepare: a tokenizer that learns cuts prepared text as it cuts text in memory", "[data][prepare][witness]") {
  std::mt19937_64 random(5);
  PrepareWork work(joined(random_lines(random, 40, 40)), joined(random_lines(random, 40, 30)));
  work.options.shared_vocabulary = GENERATE(false, true);
  for (auto* side : {&work.options.source, &work.options.target}) {
    side->tokenizer = {.kind = "sentencepiece",
                       .options = std::make_shared<text::SentencePieceOptions>(text::SentencePieceOptions{.size = 30})};
  }
  work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(work.options.train, text);
  REQUIRE(prepared.models.source == text.models().source);
  REQUIRE((prepared.models.source == prepared.models.target) == work.options.shared_vocabulary);
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  for (int64_t i = 0; i < corpus.pairs(); ++i) REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
  const TextPipeline again(work.options, kPreparedTokenizers, prepared.source_vocabulary, prepared.target_vocabulary,
                           prepared.models);
  REQUIRE(again.source_tokenizer().tokenize("w3 w12") == text.source_tokenizer().tokenize("w3 w12"));
}

TEST_CASE("prepare: a special symbol in the text is refused with its place where that is asked for",
          "[data][prepare][error]") {
  PrepareWork work("a\nb </s>\n", "x\ny\n");
  work.options.special_symbols = text::SpecialSymbols::error;
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring((work.folder / "source").string() + ":2: holds the token `</s>`"));
  work.options.special_symbols = text::SpecialSymbols::escape;
  REQUIRE(work.run().source.escaped == 1);
  REQUIRE(work.run().source.words == 3);
}

TEST_CASE("prepare: the words that come back are those of the text", "[data][prepare]") {
  PrepareWork work("the cat\n\nthe <unk> dog\n", "le chat\nrien\nle chien\n");
  work.run();
  const auto prepared = work.open();

  REQUIRE(words_of(prepared.corpus.source, prepared.source_vocabulary, 0) == std::vector<std::string>{"the", "cat"});
  REQUIRE(prepared.corpus.source[1].empty());
  REQUIRE(prepared.corpus.source[2][1] == text::unknown_id);
  REQUIRE(words_of(prepared.corpus.target, prepared.target_vocabulary, 2) == std::vector<std::string>{"le", "chien"});
}

TEST_CASE("prepare: counts lengths, words and what was left out with its first lines", "[data][prepare]") {
  PrepareWork work("a b\na\na a a\na\n", "x\n\nx\nx y\n");
  work.options.clean.max_length = 2;
  const auto summary = work.run();

  REQUIRE(summary.lines == 4);
  REQUIRE(summary.pairs == 2);
  REQUIRE(summary.source.lengths[1] == 1);
  REQUIRE(summary.source.lengths[2] == 1);
  REQUIRE(summary.source.words == 2);
  REQUIRE(summary.target.tokens == 3);
  REQUIRE(summary.left_out[Reason::empty_target].first_lines == std::vector<int64_t>{2});
  REQUIRE(summary.left_out[Reason::too_long].first_lines == std::vector<int64_t>{3});
  REQUIRE(parse_summary(serialize(summary), "summary.json").left_out.text() == summary.left_out.text());
}

TEST_CASE("prepare: of pairs seen before the first is kept, in any order of threads", "[data][prepare]") {
  std::mt19937_64 random(1);
  const auto lines = random_lines(random, 600, 3);
  PrepareWork work(joined(lines), joined(std::vector<std::string>(lines.size(), "x")));
  work.options.clean.drop_duplicates = true;
  work.options.clean.max_length = 1000;
  work.job.threads = GENERATE(1, 2, 5);
  const auto summary = work.run();

  std::map<std::string, int64_t> first;
  for (std::size_t i = 0; i < lines.size(); ++i) first.emplace(lines[i], static_cast<int64_t>(i));
  REQUIRE(summary.pairs == std::ssize(first));
  REQUIRE(summary.left_out[Reason::duplicate].pairs == std::ssize(lines) - std::ssize(first));
  const auto prepared = work.open();
  for (int64_t i = 0; i < summary.pairs; ++i) {
    const auto number = prepared.corpus.number(i);
    REQUIRE(first.at(lines[static_cast<std::size_t>(number)]) == number);
  }
}

TEST_CASE("prepare: a second call writes nothing, and another vocabulary leaves the tokens as they are",
          "[data][prepare]") {
  PrepareWork work("a a b\nc\n", "x\ny\n");
  FailingFiles counted(disk_files());
  work.job.files = &counted;
  work.run();
  const auto tokens = std::filesystem::last_write_time(work.job.folder.source().tokens);
  const int before = counted.operations();
  work.run();
  REQUIRE(counted.operations() == before + 1);  // the folder of the lock

  work.options.source.vocabulary.size = 1;
  work.job.keys.vocabulary = {"data.source.vocabulary.size=1"};
  const auto summary = work.run();
  REQUIRE(summary.source.unknown == 2);
  REQUIRE(std::filesystem::last_write_time(work.job.folder.source().tokens) == tokens);
  REQUIRE(work.open().source_vocabulary.words().size() == 1);
}

TEST_CASE("prepare: text that changed is prepared anew; text that only moved is not", "[data][prepare]") {
  PrepareWork work("a\nb\n", "x\ny\n");
  work.run();
  const auto tokens = std::filesystem::last_write_time(work.job.folder.source().tokens);
  work.options.train.source = {work.folder.file("elsewhere/source", "a\nb\n")};
  work.run();
  REQUIRE(std::filesystem::last_write_time(work.job.folder.source().tokens) == tokens);

  // The text may be gone, but not misspelled.
  work.options.train.source = {work.folder / "gone/source"};
  work.run();
  REQUIRE(std::filesystem::last_write_time(work.job.folder.source().tokens) == tokens);
  work.options.train.source = {work.folder / "elsewhere/sorce"};
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring("sorce: no such file"));
  work.options.train.source = {work.folder / "elsewhere/source"};

  work.folder.file("elsewhere/source", "a\nb b\n");
  REQUIRE(work.run().source.tokens == 3);
  REQUIRE(work.open().corpus.source.tokens() == 3);
}

TEST_CASE("prepare: several corpora with tags and weights come out as read into memory", "[data][prepare][witness]") {
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  PrepareWork work(joined(random_lines(random, 300, 40)), joined(random_lines(random, 300, 30)));
  auto& train = work.options.train;
  std::string columns, weights;
  for (int line = 0; line < 5000; ++line) {
    columns +=
        random_text(random, {"a ", "b "}, 1 + line % 3) + "\t" + random_text(random, {"c ", "d "}, line % 4) + "\n";
    weights += std::to_string(line % 7) + ".25\n";
  }
  train.pairs = {work.folder.file("columns", columns)};
  train.tags = {"", "<columns>"};
  train.weights = {"", work.folder.file("weights", weights)};
  work.options.clean.max_length = 11;
  const auto summary = work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(train, text);
  REQUIRE(text.source_vocabulary().id("<columns>") != text::unknown_id);
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  REQUIRE(prepared.corpus.pairs_of == corpus.pairs_of);
  REQUIRE(corpus.pairs_of[1] == 3750);
  REQUIRE(prepared.corpus.weighted());
  for (int64_t i = 0; i < corpus.pairs(); ++i) {
    REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
    REQUIRE(prepared.corpus.weight(i) == corpus.weight(i));
  }
  REQUIRE(summary.content_digest == content_digest(train));
}

TEST_CASE("prepare: other weights are prepared anew", "[data][prepare]") {
  PrepareWork work("a\nb\n", "x\ny\n");
  work.options.train.weights = {work.folder.file("weights", "1\n2\n")};
  work.run();
  REQUIRE(work.open().corpus.weight(1) == 2);
  work.folder.file("weights", "1\n30\n");
  work.run();
  REQUIRE(work.open().corpus.weight(1) == 30);
  work.options.train.weights.clear();
  work.run();
  REQUIRE_FALSE(work.open().corpus.weighted());
}
