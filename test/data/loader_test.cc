#include "seq2seq/data/loader.h"

#include <random>
#include <vector>

#include <ATen/ops/equal.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

Corpus random_pairs(unsigned seed) {
  std::mt19937_64 random(seed);
  const auto lengths = random_lengths(random);
  return corpus_of(random_sentences(random, lengths), random_sentences(random, lengths));
}

const BatchOptions kLoaderOptions{.sentences = 3, .pool = 2};

}  // namespace

TEST_CASE("loader: gives the same batches however many are made ahead", "[data][loader][property]") {
  const int64_t most = GENERATE(1, 2, 7, 100);
  const auto seed = GENERATE(range(1u, 4u));
  const int64_t from = GENERATE(0, 4);
  CAPTURE(most, seed, from);
  const auto corpus = random_pairs(seed);
  const auto text = numbered_pipeline({});
  const DataPosition position{.epoch = from, .batch = from};
  Loader ahead(BatchStream(corpus, text, kLoaderOptions, seed, position), most);
  Loader none(BatchStream(corpus, text, kLoaderOptions, seed, position), 0);

  for (int batch = 0; batch < 40; ++batch) {
    const auto one = ahead.next(), other = none.next();
    REQUIRE(one.position.epoch == other.position.epoch);
    REQUIRE(one.position.batch == other.position.batch);
    REQUIRE(at::equal(one.batch.source.layout->key, other.batch.source.layout->key));
    REQUIRE(at::equal(one.batch.source.rows, other.batch.source.rows));
    REQUIRE(at::equal(one.batch.inputs.rows, other.batch.inputs.rows));
    REQUIRE(at::equal(one.batch.targets.rows, other.batch.targets.rows));
  }
}

TEST_CASE("loader: a damaged corpus is an error of the caller, not of the thread", "[data][loader][error]") {
  const auto corpus = random_pairs(1);
  Corpus damaged = corpus;
  TokenStoreBuilder numbers;
  numbers.add({7});  // of the first pair alone
  damaged.numbers = numbers.finish();
  const auto text = numbered_pipeline({});
  Loader loader(BatchStream(damaged, text, kLoaderOptions, 1, {}), 2);

  REQUIRE_THROWS_AS(
      [&] {
        for (int batch = 0; batch < 10; ++batch) loader.next();
      }(),
      Error);
}
