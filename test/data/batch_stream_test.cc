#include "seq2seq/data/batch_stream.h"

#include <random>
#include <set>
#include <vector>

#include <ATen/ops/equal.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/store/store_file.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

Corpus corpus_of_pairs(int64_t pairs) {
  std::mt19937_64 random(static_cast<unsigned>(pairs));
  std::vector<int64_t> lengths;
  for (int64_t pair = 0; pair < pairs; ++pair) lengths.push_back(1 + pair % 9);
  return corpus_of(random_sentences(random, lengths), random_sentences(random, lengths));
}

std::vector<int64_t> keys_of(const Batch& batch) {
  const auto& key = batch.source.layout->key;
  return {key.const_data_ptr<int64_t>(), key.const_data_ptr<int64_t>() + key.size(0)};
}

bool same_batch(const Batch& a, const Batch& b) {
  return keys_of(a) == keys_of(b) && at::equal(a.source.rows, b.source.rows) &&
         at::equal(a.inputs.rows, b.inputs.rows) && at::equal(a.targets.rows, b.targets.rows);
}

const BatchOptions kStreamOptions{.sentences = 4, .pool = 3};

}  // namespace

TEST_CASE("batch stream: gives the batches of the plan, epoch after epoch, with their places", "[data][loader]") {
  const auto corpus = corpus_of_pairs(50);
  const auto text = numbered_pipeline({});
  BatchStream stream(corpus, text, kStreamOptions, 3, {});
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const auto plan = plan_epoch(corpus, kStreamOptions, 3, epoch);
    for (int64_t batch = 0; batch < plan.batches(); ++batch) {
      CAPTURE(epoch, batch);
      const auto next = stream.next();
      REQUIRE(next.position.epoch == epoch);
      REQUIRE(next.position.batch == batch);
      REQUIRE(next.batches == plan.batches());
      REQUIRE(same_batch(next.batch, make_batch(corpus, plan[batch], text)));
    }
  }
}

TEST_CASE("batch stream: the ranks' parts make up the batch of one process, and know its counts",
          "[data][loader][property]") {
  const int64_t ranks = GENERATE(2, 3, 5);
  const auto end = GENERATE(SourceEnd::none, SourceEnd::after);
  const auto task = GENERATE(Task::translation, Task::lm);
  CAPTURE(ranks, static_cast<int>(end), static_cast<int>(task));
  const auto corpus = corpus_of_pairs(53);
  DataOptions options;
  options.source_end = end;
  options.task = task;
  const auto text = numbered_pipeline(options);
  BatchStream whole(corpus, text, kStreamOptions, 1, {});
  std::vector<BatchStream> parts;
  for (int64_t rank = 0; rank < ranks; ++rank)
    parts.emplace_back(corpus, text, kStreamOptions, 1, DataPosition{}, Deal{.rank = rank, .ranks = ranks});
  for (int64_t batches = 3 * whole.batches(); batches > 0; --batches) {
    const auto joint = whole.next();
    std::multiset<int64_t> keys;
    BatchCounts sums;
    for (auto& part : parts) {
      const auto next = part.next();
      REQUIRE(next.position.epoch == joint.position.epoch);
      REQUIRE(next.position.batch == joint.position.batch);
      REQUIRE(next.batches == joint.batches);
      REQUIRE(next.batch.counts().sentences == joint.batch.sentences());
      REQUIRE(next.batch.counts().source_tokens == joint.batch.source_tokens());
      REQUIRE(next.batch.counts().target_tokens == joint.batch.target_tokens());
      for (const int64_t key : keys_of(next.batch)) keys.insert(key);
      sums.source_tokens += next.batch.source_tokens();
      sums.target_tokens += next.batch.target_tokens();
    }
    const auto expected = keys_of(joint.batch);
    REQUIRE(keys == std::multiset<int64_t>(expected.begin(), expected.end()));
    REQUIRE(sums.source_tokens == joint.batch.source_tokens());
    REQUIRE(sums.target_tokens == joint.batch.target_tokens());
  }
}

TEST_CASE("batch stream: from a mapped corpus come the batches of one in memory", "[data][loader]") {
  const auto corpus = corpus_of_pairs(1700);  // enough that pages are released in between
  const auto text = numbered_pipeline({});
  const TemporaryFolder folder;
  const auto mapped = [&folder](const TokenStore& store, const char* name) {
    StoreWriter writer(disk_files(), folder.path() / name, 100);
    for (int64_t i = 0; i < store.size(); ++i) writer.add(store[i]);
    writer.finish();
    return TokenStore::open(folder.path() / name, /*verify=*/true);
  };
  const Corpus other{.source = mapped(corpus.source, "source"), .target = mapped(corpus.target, "target")};
  BatchStream in_memory(corpus, text, kStreamOptions, 1, {}), from_file(other, text, kStreamOptions, 1, {});

  for (int batch = 0; batch < 1000; ++batch) REQUIRE(same_batch(in_memory.next().batch, from_file.next().batch));
}
