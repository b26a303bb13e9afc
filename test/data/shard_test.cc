#include "seq2seq/data/shard.h"

#include <algorithm>
#include <map>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

/// How often each batch of an epoch is used by all ranks together, and the smallest and largest share of a rank.
struct Use {
  std::map<int64_t, int64_t> times;
  int64_t least = 0, most = 0;
};

Use use_of(int64_t ranks, int64_t batches, Tail tail) {
  Use use;
  std::vector<int64_t> counts;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const Shard shard{rank, ranks, tail};
    counts.push_back(shard.count(batches));
    for (int64_t n = 0; n < counts.back(); ++n) ++use.times[shard.batch(n, batches)];
  }
  use.least = *std::min_element(counts.begin(), counts.end());
  use.most = *std::max_element(counts.begin(), counts.end());
  return use;
}

bool all_lie_below(const Use& use, int64_t batches) {
  return std::all_of(use.times.begin(), use.times.end(),
                     [batches](const auto& entry) { return entry.first >= 0 && entry.first < batches; });
}

int64_t batches_used(const Use& use, int64_t times) {
  return std::count_if(use.times.begin(), use.times.end(),
                       [times](const auto& entry) { return entry.second == times; });
}

}  // namespace

TEST_CASE("shard: an uneven tail uses every batch once, and no rank has two more than another", "[data][property]") {
  const int64_t ranks = GENERATE(1, 2, 3, 4, 7, 16);
  const int64_t batches = GENERATE(1, 2, 5, 6, 7, 48, 100);
  CAPTURE(ranks, batches);
  const auto use = use_of(ranks, batches, Tail::uneven);

  REQUIRE(all_lie_below(use, batches));
  REQUIRE(batches_used(use, 1) == batches);
  REQUIRE(use.most - use.least <= 1);
}

TEST_CASE("shard: a dropped tail leaves out only what does not go round, and uses nothing twice", "[data][property]") {
  const int64_t ranks = GENERATE(1, 2, 3, 4, 7, 16);
  const int64_t batches = GENERATE(1, 2, 5, 6, 7, 48, 100);
  CAPTURE(ranks, batches);
  const auto use = use_of(ranks, batches, Tail::drop);

  REQUIRE(all_lie_below(use, batches));
  REQUIRE(batches_used(use, 1) == batches - batches % ranks);
  REQUIRE(std::ssize(use.times) == batches - batches % ranks);
  REQUIRE(use.most == use.least);
}

TEST_CASE("shard: a repeated tail uses every batch, and only as many twice as fill the last round",
          "[data][property]") {
  const int64_t ranks = GENERATE(1, 2, 3, 4, 7);
  const int64_t batches = GENERATE(7, 8, 9, 48, 100);
  CAPTURE(ranks, batches);
  const auto use = use_of(ranks, batches, Tail::repeat);
  const int64_t twice = (ranks - batches % ranks) % ranks;

  REQUIRE(all_lie_below(use, batches));
  REQUIRE(batches_used(use, 2) == twice);
  REQUIRE(batches_used(use, 1) == batches - twice);
  REQUIRE(use.most == use.least);
}

TEST_CASE("shard: with a repeated tail every rank has a batch, however few there are", "[data]") {
  const auto use = use_of(7, 2, Tail::repeat);

  REQUIRE(all_lie_below(use, 2));
  REQUIRE(use.times == std::map<int64_t, int64_t>{{0, 4}, {1, 3}});
}

TEST_CASE("shard: a rank that is not there is refused", "[data][error]") {
  const int64_t rank = GENERATE(-1, 3, 4);
  REQUIRE_THROWS_WITH((Shard{.rank = rank, .ranks = 3}.count(10)), ContainsSubstring("there is no rank"));
}
