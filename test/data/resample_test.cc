#include "seq2seq/data/resample.h"

#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kSampledTokenizers = text::builtin_tokenizers();

/// Prepared text of a few sentences with the source cut by BPE with dropout, or without sampling.
struct Sampled {
  TemporaryFolder folder;
  DataOptions options;
  std::ostringstream said;
  Log log{said};
  std::optional<Prepared> prepared;
  std::unique_ptr<TextPipeline> text;

  /// With two tags there is a second corpus, of one pair.
  explicit Sampled(double dropout, const std::vector<std::string>& tags = {}) {
    std::string source, target;
    for (int line = 0; line < 40; ++line) {
      source += "reversing words introduces many short term dependencies " + std::to_string(line % 7) + "\n";
      target += "w" + std::to_string(line % 5) + " end\n";
    }
    options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
    if (tags.size() > 1) options.train.pairs = {folder.file("pairs", "reversing words introduces\tend\n")};
    options.train.tags = tags;
    text::SentencePieceOptions subwords{.train = text::SubwordKind::bpe, .size = 60};
    subwords.sample.dropout = dropout;
    options.source.tokenizer = {.kind = "sentencepiece",
                                .options = std::make_shared<text::SentencePieceOptions>(subwords)};
    PrepareJob job;
    job.data = &options;
    job.tokenizers = &kSampledTokenizers;
    job.folder = {folder / "prepared"};
    job.log = &log;
    prepare(job);
    prepared.emplace(open_prepared(job.folder, job.keys));
    text = std::make_unique<TextPipeline>(options, kSampledTokenizers, prepared->source_vocabulary,
                                          prepared->target_vocabulary, prepared->models);
    prepared->corpus.source_words =
        std::make_shared<const text::Vocabulary>(open_words(job.folder.source(), prepared->summary.source));
  }

  std::string line_of(const std::vector<int64_t>& ids) const {
    std::vector<std::string> tokens;
    for (const int64_t id : ids) tokens.push_back(text->source_vocabulary().word(id));
    return text->source_tokenizer().detokenize(tokens);
  }
};

}  // namespace

TEST_CASE("resampler: cuts a sentence in many ways, and every one spells the sentence", "[data][resample]") {
  const Sampled sampled(0.5);
  const Resampler resampler(sampled.prepared->corpus, *sampled.text, 1);
  const auto best = sampled.prepared->corpus.source[3];
  std::set<std::vector<int64_t>> ways;
  for (int64_t epoch = 0; epoch < 30; ++epoch) {
    const auto ids = resampler.source(3, epoch);
    ways.insert(ids);
    REQUIRE(sampled.line_of(ids) == sampled.line_of(best));
  }
  REQUIRE(ways.size() > 20);
  REQUIRE(resampler.target(3, 7) == sampled.prepared->corpus.target[3]);
}

TEST_CASE("resampler: what is drawn depends on seed, epoch and pair alone", "[data][resample][resume]") {
  const Sampled sampled(0.5);
  const Resampler resampler(sampled.prepared->corpus, *sampled.text, 1),
      again(sampled.prepared->corpus, *sampled.text, 1), other(sampled.prepared->corpus, *sampled.text, 2);
  bool differs = false;
  for (int64_t pair = 39; pair >= 0; --pair) {
    REQUIRE(again.source(pair, 5) == resampler.source(pair, 5));
    differs = differs || other.source(pair, 5) != resampler.source(pair, 5);
  }
  REQUIRE(differs);
}

TEST_CASE("resampler: without sampling a batch is the one of the corpus", "[data][resample]") {
  const Sampled sampled(0);
  const std::vector<int64_t> pairs{5, 0, 17};
  const Resampler resampler(sampled.prepared->corpus, *sampled.text, 1);
  const auto batch = make_batch(sampled.prepared->corpus, pairs, *sampled.text, resampler, 3);
  REQUIRE(batch.source.rows.equal(make_batch(sampled.prepared->corpus, pairs, *sampled.text).source.rows));
}

TEST_CASE("resampler: the tag of a corpus stays whole and first", "[data][resample]") {
  const Sampled sampled(0.9, {"<general>"});
  const Resampler resampler(sampled.prepared->corpus, *sampled.text, 1);
  for (int64_t epoch = 0; epoch < 10; ++epoch) {
    const auto ids = resampler.source(0, epoch);
    REQUIRE(sampled.text->source_vocabulary().word(ids.front()) == "<general>");
    REQUIRE(ids.size() > 2);
  }
}

TEST_CASE("resampler: beside a tagged corpus one without a tag is cut anew from its first word on",
          "[data][resample]") {
  const Sampled sampled(0.9, {"<general>", ""});
  const Resampler resampler(sampled.prepared->corpus, *sampled.text, 1);
  std::set<int64_t> firsts;
  for (int64_t epoch = 0; epoch < 30; ++epoch) {
    const auto ids = resampler.source(40, epoch);
    firsts.insert(ids.front());
    REQUIRE(sampled.line_of(ids) == "reversing words introduces");
  }
  REQUIRE(firsts.size() > 1);
}

TEST_CASE("resampler: a corpus without its words is refused where a side samples", "[data][resample][error]") {
  Sampled sampled(0.5);
  sampled.prepared->corpus.source_words = nullptr;
  REQUIRE_THROWS_WITH(Resampler(sampled.prepared->corpus, *sampled.text, 1), ContainsSubstring("`data.prepared`"));
}
