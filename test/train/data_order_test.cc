#include "seq2seq/train/data_order.h"

#include <set>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/pipeline.h"

namespace seq2seq::train {
namespace {

using namespace test;

data::Corpus corpus_of_pairs(size_t pairs) {
  const auto ids = random_ids(1, std::vector<int64_t>(pairs, 3), 9);
  return corpus_of(ids, ids);
}

const data::TextPipeline& text() {
  static const auto pipeline = numbered_pipeline({});
  return pipeline;
}

/// Returns the pairs of each batch by number, which is the position in the corpus.
std::vector<std::vector<int64_t>> pairs_of(const std::vector<data::Batch>& batches) {
  std::vector<std::vector<int64_t>> pairs;
  for (const auto& batch : batches) {
    const auto& key = batch.source.layout->key;
    pairs.emplace_back(key.const_data_ptr<int64_t>(), key.const_data_ptr<int64_t>() + key.size(0));
  }
  return pairs;
}

TEST_CASE("data order: each epoch takes every pair once, and no update crosses its end", "[train][data]") {
  const auto corpus = corpus_of_pairs(23);
  const int64_t accumulate = GENERATE(1, 2, 4, 10);
  DataOrder order(corpus, text(), {.sentences = 3}, accumulate, 1, {});
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    CAPTURE(accumulate, epoch);
    std::multiset<int64_t> taken;
    REQUIRE(order.batch() == 0);
    while (order.epoch() == epoch) {
      for (const auto& batch : pairs_of(order.take())) taken.insert(batch.begin(), batch.end());
    }
    CHECK(taken.size() == 23);
    CHECK(std::set<int64_t>(taken.begin(), taken.end()).size() == 23);
  }
}

TEST_CASE("data order: started anywhere, it goes on as one that came from the beginning", "[train][data][resume]") {
  const auto corpus = corpus_of_pairs(23);
  const auto ahead = GENERATE(0, 1, 5);
  const auto more = GENERATE(0, 1, 2);
  const data::BatchOptions options{.sentences = 3, .prefetch = ahead};
  DataOrder straight(corpus, text(), options, 2, 7, {});
  for (int update = 0; update < 30; ++update) {
    CAPTURE(ahead, update);
    const auto resumed_with = (ahead + more) % 3;  // the number of batches made ahead may change
    DataOrder resumed(corpus, text(), {.sentences = 3, .prefetch = resumed_with}, 2, 7,
                      {.epoch = straight.epoch(), .batch = straight.batch()});
    REQUIRE(resumed.epochs_made() == straight.epochs_made());
    REQUIRE(pairs_of(resumed.take()) == pairs_of(straight.take()));
    REQUIRE(resumed.epochs_made() == straight.epochs_made());
    REQUIRE(resumed.updates_in(2.3) == straight.updates_in(2.3));
  }
}

TEST_CASE("data order: fractions of an epoch end with the first batch at or after them", "[train][data]") {
  const auto corpus = corpus_of_pairs(10);
  struct Case {
    double epochs;
    int64_t accumulate, updates;
  };
  const auto wanted = GENERATE(values<Case>({{1, 1, 10},
                                             {0.3, 1, 3},
                                             {1.1, 1, 11},
                                             {2.5, 1, 25},
                                             {1.25, 1, 13},
                                             {2.3, 1, 23},
                                             {7.3, 1, 73},
                                             {1, 4, 3},
                                             {1.5, 4, 5}}));
  CAPTURE(wanted.epochs, wanted.accumulate);
  DataOrder order(corpus, text(), {.sentences = 1}, wanted.accumulate, 1, {});
  CHECK(order.updates_in(wanted.epochs) == static_cast<double>(wanted.updates));
  int64_t updates = 0;
  for (; !order.reached(wanted.epochs); ++updates) order.take();
  CHECK(updates == wanted.updates);
}

TEST_CASE("data order: nothing to train on is an error", "[train][data][error]") {
  CHECK_THROWS_AS(DataOrder(data::Corpus{}, text(), {.sentences = 1}, 1, 1, {}), Error);
}

TEST_CASE("data order: a place beyond the epoch's end is an error", "[train][data][error]") {
  CHECK_THROWS_AS(DataOrder(corpus_of_pairs(10), text(), {.sentences = 1}, 1, 1, {.epoch = 0, .batch = 10}),
                  FormatError);
}

}  // namespace
}  // namespace seq2seq::train
