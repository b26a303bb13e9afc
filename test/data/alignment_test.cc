#include "seq2seq/data/alignment.h"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/data/prepare/prepare.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kAlignedTokenizers = text::builtin_tokenizers();

using Links = std::vector<Link>;

TrainFiles aligned_text(const TemporaryFolder& folder, const std::string& alignment) {
  TrainFiles files{.source = {folder.file("source", "a b c\nb\n\n")},
                   .target = {folder.file("target", "x y\ny z x y\nz\n")},
                   .pairs = {}};
  files.alignment = {folder.file("links", alignment)};
  return files;
}

TextPipeline pipeline_of(const TrainFiles& files) {
  DataOptions options;
  options.train = files;
  return TextPipeline::from_training_text(options, kAlignedTokenizers);
}

}  // namespace

TEST_CASE("alignment: a line's links are read each once, in the order of their sources", "[data][alignment]") {
  const TemporaryFolder folder;
  AlignmentReader reader(folder.file("links", "2-0 0-1  0-0 2-0\n\n 65535-7 \n"));
  CHECK((reader.next() == Links{{0, 0}, {0, 1}, {2, 0}}));
  CHECK((reader.next() == Links{}));
  CHECK((reader.next() == Links{{65535, 7}}));
  CHECK_FALSE(reader.next().has_value());
  for (const auto& link : Links{{0, 0}, {65535, 7}, {3, 65535}}) CHECK(link_of(stored_link(link)) == link);
}

TEST_CASE("alignment: what is no link is refused with file, line and column", "[data][alignment][error]") {
  const auto* wrong = GENERATE("0-", "-1", "1", "a-b", "0-1-2", "0:1", "1.5-2", "65536-0", "0--1");
  CAPTURE(wrong);
  const TemporaryFolder folder;
  AlignmentReader reader(folder.file("links", "0-0\n0-0 " + std::string(wrong) + " 1-1\n"));
  reader.next();
  CHECK_THROWS_WITH(reader.next(), ContainsSubstring("links:2:5: expected a link such as `0-2`") &&
                                       ContainsSubstring("found `" + std::string(wrong) + "`"));
}

TEST_CASE("alignment: links to tokens that are not there are refused with the lines of both",
          "[data][alignment][error]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& alignment) {
    const auto files = aligned_text(folder, alignment);
    try {
      pipeline_of(files);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  CHECK_THAT(refused("0-0\n1-0\n\n"), ContainsSubstring("links:2: `1-0` names source token 1, counted from 0, but ") &&
                                          ContainsSubstring("source:2 has 1 token"));
  CHECK_THAT(refused("0-2\n0-0\n\n"),
             ContainsSubstring("links:1: `0-2` names target token 2") && ContainsSubstring("target:1 has 2 tokens"));
  CHECK_THAT(refused("0-0\n0-0\n0-0\n"), ContainsSubstring("links:3: `0-0` names source token 0"));
  CHECK_THAT(refused("0-0\n0-0\n"), ContainsSubstring("links: has 2 lines, but") && ContainsSubstring("has 3"));
  CHECK(refused("0-0 2-1\n0-3\n\n") == "nothing was thrown");
}

TEST_CASE("alignment: each target row looks at its links, wherever reversal and end symbols put them",
          "[data][alignment][batch]") {
  DataOptions options;
  options.reverse = GENERATE(Reverse::none, Reverse::source, Reverse::target, Reverse::both);
  const bool turns_source = options.reverse == Reverse::source || options.reverse == Reverse::both;
  options.source_end = GENERATE(SourceEnd::none, SourceEnd::after, SourceEnd::reversed);
  if (options.source_end == SourceEnd::reversed && !turns_source) return;
  const auto text = numbered_pipeline(options);
  // All words have different ids, so the words of a row and of a position identify their link.
  const std::vector<std::vector<int64_t>> sources{{3, 4, 5}, {6}, {7, 8, 9, 10, 11}},
      targets{{12, 13}, {14, 15, 16}, {17, 18, 19, 20}};
  const std::vector<Links> links{{{0, 1}, {1, 0}, {2, 1}}, {}, {{4, 0}, {0, 3}, {1, 3}, {2, 3}, {3, 1}}};
  std::map<int64_t, std::map<int64_t, double>> expected;  // by target word, by source word
  std::vector<AlignedPair> pairs;
  for (size_t pair = 0; pair < links.size(); ++pair) {
    pairs.push_back({links[pair], std::ssize(sources[pair]), std::ssize(targets[pair])});
    std::map<int64_t, double> count;
    for (const auto& link : links[pair]) ++count[link.target];
    for (const auto& link : links[pair])
      expected[targets[pair][static_cast<size_t>(link.target)]][sources[pair][static_cast<size_t>(link.source)]] =
          1 / count[link.target];
  }
  const auto batch = make_batch(sources, targets, {0, 1, 2}, text);
  const auto found = reference_attention(pairs, *batch.source.layout, *batch.targets.layout, text);
  const auto read = unpack(batch.source);
  REQUIRE(found.size(0) == batch.target_tokens());
  for (int64_t row = 0; row < found.size(0); ++row) {
    const auto owner = batch.targets.layout->owner[row].item<int64_t>();
    const auto word = batch.targets.rows[row].item<int64_t>();
    for (int64_t position = 0; position < found.size(1); ++position) {
      const auto& source = read[static_cast<size_t>(owner)];
      const auto source_word = position < std::ssize(source) ? source[static_cast<size_t>(position)] : -1;
      CAPTURE(row, word, position, source_word);
      CHECK_THAT(found[row][position].item<double>(), WithinAbs(expected[word][source_word], 1e-6));  // of a float
    }
  }
}

TEST_CASE("alignment: prepared text gives the batches of text that is read, tags and cleaning included",
          "[data][alignment][prepare]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.train = aligned_text(folder, "0-0 2-1\n0-3 0-0\n\n");
  options.train.tags = {"<tag>"};
  options.clean.drop_empty_source = true;
  std::ostringstream said;
  Log log(said);
  PrepareJob job;
  job.data = &options;
  job.tokenizers = &kAlignedTokenizers;
  job.folder = {folder / "prepared"};
  job.log = &log;
  prepare(job);
  const auto prepared = open_prepared(job.folder, job.keys);
  const auto text = pipeline_of(options.train);
  const auto corpus = read_corpus(options.train, text);
  CHECK(corpus.links[0] == std::vector<int64_t>{stored_link({1, 0}), stored_link({3, 1})});  // after the tag
  const std::vector<int64_t> pairs{1, 0};
  const auto read = make_batch(corpus, pairs, text), of_prepared = make_batch(prepared.corpus, pairs, text);
  REQUIRE(read.alignment.defined());
  CHECK(read.alignment.sum().item<double>() == 4);
  CHECK(read.alignment.equal(of_prepared.alignment));
  const auto before = content_digest(options.train);
  CHECK(content_digest(aligned_text(folder, "0-0\n\n\n")) != before);  // the same files
}
