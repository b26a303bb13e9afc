// Sources of several parts: counted, numbered, reversed, limited and refused.

#include <string>
#include <vector>

#include "seq2seq/data/clean/pair_filter.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/source_form.h"
#include "seq2seq/data/text_pipeline.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Ids = std::vector<int64_t>;

DataOptions in_parts(const TemporaryFolder& folder, const std::string& source, const std::string& target) {
  DataOptions options;
  options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
  options.source_form.parts = 2;
  return options;
}

TextPipeline pipeline(const DataOptions& options) {
  return TextPipeline::from_training_text(options, text::builtin_tokenizers());
}

std::string message_of_text(const DataOptions& options) {
  try {
    read_corpus(options.train, pipeline(options));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("source parts: separators are no words; each part is reversed by itself and ends with the end symbol",
          "[data][parts]") {
  const TemporaryFolder folder;
  auto options = in_parts(folder, "a b ||| c\n||| a b c\n", "x\ny\n");
  const auto reverse = GENERATE(Reverse::none, Reverse::source);
  options.reverse = reverse;
  const auto text = pipeline(options);
  CHECK(text.source_vocabulary().words().size() == 3);
  const auto corpus = read_corpus(options.train, text);
  const auto id = [&](const char* word) { return text.source_vocabulary().id(word); };
  const Ids first = corpus.source[0];
  CHECK(first == Ids{id("a"), id("b"), text::end_id, id("c")});
  CHECK(text.source_words(first) == std::vector<std::string>{"a", "b", "|||", "c"});
  const bool turned = reverse == Reverse::source;
  CHECK(text.encoder_ids(first) == (turned ? Ids{id("b"), id("a"), text::end_id, id("c"), text::end_id}
                                           : Ids{id("a"), id("b"), text::end_id, id("c"), text::end_id}));
  CHECK(text.reading_order(first) == (turned ? Ids{1, 0, 2, 3, -1} : Ids{0, 1, 2, 3, -1}));
  CHECK(text.encoder_ids(corpus.source[1]).front() == text::end_id);
  CHECK(text.encoder_ids(corpus.source[1]).size() == 5);
  CHECK_FALSE(text.is_unknown(text::Side::source, first[2]));
}

TEST_CASE("source parts: another number of parts is an error with file and line", "[data][parts][error]") {
  const TemporaryFolder folder;
  const auto message = message_of_text(in_parts(folder, "a ||| b\na b\n", "x\ny\n"));
  CHECK_THAT(message, ContainsSubstring("source:2: has 1 part, but `data.source.parts` is 2") &&
                          ContainsSubstring("Write `|||` with spaces around it"));
  CHECK_THAT(message_of_text(in_parts(folder, "a ||| b ||| c\n", "x\n")), ContainsSubstring("source:1: has 3 parts"));
  CHECK_THAT(message_of_text(in_parts(folder, "\n", "x\n")), ContainsSubstring("source:1: has 1 part"));
  CHECK(message_of_text(in_parts(folder, " ||| \n||| b\n", "x\nx\n")).empty());
}

TEST_CASE("source parts: limits hold for each part", "[data][parts]") {
  const auto tokenizer = [](const DataOptions& options) { return SideTokenizers(options, text::builtin_tokenizers()); };
  DataOptions options;
  options.source_form.parts = 2;
  const auto sides = tokenizer(options);
  const TrainFiles files{.source = {"s"}, .target = {"t"}, .pairs = {}};
  const auto reason = [&](const CleanOptions& clean, const std::string& source) {
    const PairFilter filter(clean, *sides.source, *sides.target, options.source_form);
    TokenPair pair;
    return filter.tokenize({.number = 0,
                            .files = &files,
                            .line = 1,
                            .source = source,
                            .target = "x y",
                            .valid = true,
                            .corpus = 0,
                            .tag = {},
                            .weight = 1},
                           pair);
  };
  CHECK_FALSE(reason({.max_length = 2}, "a b ||| c d"));
  CHECK(reason({.max_length = 2}, "a b ||| c d e") == Reason::too_long);
  CHECK_FALSE(reason({.max_ratio = 1.5}, "a b ||| c d"));
  CHECK_FALSE(reason({}, "||| c"));
  CHECK(reason({.drop_empty_source = true}, "||| c") == Reason::empty_source);
  CHECK(reason({.drop_empty_source = true}, "c |||") == Reason::empty_source);
}

TEST_CASE("source parts: words may have factors, separators have none", "[data][parts][factors]") {
  const TemporaryFolder folder;
  auto options = in_parts(folder, "a￨x ||| b￨y\n", "x\n");
  options.source_form.factors = 1;
  const auto text = pipeline(options);
  const auto corpus = read_corpus(options.train, text);
  CHECK(text.source_words(corpus.source[0]) == std::vector<std::string>{"a￨x", "|||", "b￨y"});
  CHECK(corpus.source[0][1] == text::end_id);
}
