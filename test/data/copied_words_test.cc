// Ids of words beyond the vocabularies, in a model that copies them.

#include "seq2seq/data/copied_words.h"

#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/data/prepare/prepare.h"
#include "seq2seq/data/resample.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kCopyingTokenizers = text::builtin_tokenizers();

using Numbers = std::vector<int64_t>;
using Spelled = std::vector<std::string>;

/// Source words a b c, ids 3 4 5; target words c d, ids 3 4.
TextPipeline of_two_vocabularies() {
  TextPipeline text({}, kCopyingTokenizers, text::Vocabulary({{"a", 3}, {"b", 2}, {"c", 1}}),
                    text::Vocabulary({{"c", 2}, {"d", 1}}));
  text.extend_vocabulary();
  return text;
}

}  // namespace

TEST_CASE("copied words: ids go on behind both vocabularies, and are words again", "[data][copied_words]") {
  const auto text = of_two_vocabularies();  // S = 6, T = 5
  const Spelled source{"x", "a", "d", "y", "c", "x", "<unk>"};
  CHECK(text.source_ids(source) == Numbers{11, 3, 6 + 4, 12, 5, 11, text::unknown_id});
  const auto copied = text.copied_words(source);
  const Spelled target{"c", "a", "y", "b", "x", "d", "z", "<s>"};
  const Numbers ids = text.target_ids(target, copied);
  CHECK(ids == Numbers{3, 5 + 3, 12, text::unknown_id, 11, 4, text::unknown_id, text::unknown_id});
  CHECK(text.target_words(ids, copied) == Spelled{"c", "a", "y", "<unk>", "x", "d", "<unk>", "<unk>"});
  CHECK(text.target_words({11}) == Spelled{"<unk>"});
  CHECK(text.source_words(text.source_ids(source)) == Spelled{"<unk>", "a", "<unk>", "<unk>", "c", "<unk>", "<unk>"});
  CHECK(text.target_of_source() == Numbers{0, 1, 2, 0, 0, 3});
}

TEST_CASE("copied words: without an extended vocabulary all is as it was", "[data][copied_words]") {
  const TextPipeline text({}, kCopyingTokenizers, text::Vocabulary({{"a", 3}, {"b", 2}, {"c", 1}}),
                          text::Vocabulary({{"c", 2}, {"d", 1}}));
  CHECK(text.source_ids({"x", "a", "d"}) == Numbers{0, 3, 0});
  CHECK(text.target_ids({"a", "d"}, text.copied_words({"a"})) == Numbers{0, 4});
}

TEST_CASE("copied words: prepared text gives the ids of text that is read", "[data][copied_words][prepare]") {
  const bool shared = GENERATE(false, true);
  const TemporaryFolder folder;
  std::string source, target;
  for (int line = 0; line < 30; ++line) {
    source += "a b name" + std::to_string(line) + " <s> a place" + std::to_string(line % 7) + "\n";
    target += "c place" + std::to_string(line % 7) + " b elsewhere name" + std::to_string(line) + "\n";
  }
  DataOptions options;
  options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
  options.shared_vocabulary = shared;
  options.source.vocabulary.size = 3;
  options.target.vocabulary.size = 2;
  std::ostringstream said;
  Log log(said);
  PrepareJob job;
  job.data = &options;
  job.tokenizers = &kCopyingTokenizers;
  job.folder = {folder / "prepared"};
  job.log = &log;
  prepare(job);
  auto prepared = open_prepared(job.folder, job.keys);
  prepared.corpus.source_words =
      std::make_shared<const text::Vocabulary>(open_words(job.folder.source(), prepared.summary.source));
  prepared.corpus.target_words =
      std::make_shared<const text::Vocabulary>(open_words(job.folder.target(), prepared.summary.target));

  TextPipeline text(options, kCopyingTokenizers, prepared.source_vocabulary, prepared.target_vocabulary);
  text.extend_vocabulary();
  const auto corpus = read_corpus(options.train, text);
  const Resampler of_prepared(prepared.corpus, text, 1), of_read(corpus, text, 1);
  std::set<int64_t> beyond;
  for (int64_t pair = 0; pair < 30; ++pair) {
    CHECK(of_prepared.source(pair, 0) == of_read.source(pair, 0));
    CHECK(of_prepared.target(pair, 0) == of_read.target(pair, 0));
    for (const int64_t id : of_read.target(pair, 0))
      if (id >= text.target_vocabulary().size()) beyond.insert(id);
  }
  CHECK(beyond.size() >= 2);
}
