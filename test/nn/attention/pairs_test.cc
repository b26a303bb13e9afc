#include "seq2seq/nn/attention/pairs.h"

#include <set>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "test/nn/attention/random_groups.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

TEST_CASE("attention pairs: list the pairs of every group, a query's after another's", "[nn][attention][property]") {
  const auto seed = GENERATE(range(1U, 6U));
  const auto shape = GENERATE_COPY(from_range(group_shapes()));
  CAPTURE(seed, shape);
  const AttentionPairs pairs(random_groups(seed, shape), c10::kCPU);
  const auto query = pairs.query(), key = pairs.key(), place = pairs.place(), count = pairs.keys_of_query();
  int64_t pair = 0;
  for (const auto& group : pairs.groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      REQUIRE(count[group.first_query + i].item<int64_t>() == group.keys);
      for (int64_t j = 0; j < group.keys; ++j, ++pair) {
        REQUIRE(query[pair].item<int64_t>() == group.first_query + i);
        REQUIRE(key[pair].item<int64_t>() == group.first_key + j);
        REQUIRE(place[pair].item<int64_t>() == j);
      }
    }
  }
  CHECK(pair == pairs.pairs());
  CHECK(query.size(0) == pairs.pairs());
}

TEST_CASE("attention pairs: padding puts each pair at its place, and the inverse takes it from there",
          "[nn][attention][property][gradient]") {
  const auto seed = GENERATE(range(1U, 6U));
  const auto shape = GENERATE_COPY(from_range(group_shapes()));
  CAPTURE(seed, shape);
  const AttentionPairs pairs(random_groups(seed, shape), c10::kCPU);
  torch::manual_seed(seed);
  const auto values = torch::rand({pairs.pairs()}, torch::kDouble).requires_grad_();
  const auto padded = pairs.padded(values, pairs.longest());
  REQUIRE(padded.size(0) == pairs.queries());
  REQUIRE(padded.size(1) == pairs.longest());
  auto expected = torch::zeros_like(padded);
  for (int64_t pair = 0; pair < pairs.pairs(); ++pair) {
    expected.index_put_({pairs.query()[pair], pairs.place()[pair]}, values[pair].detach());
  }
  CHECK(padded.equal(expected));
  CHECK(pairs.of_pairs(padded).equal(values));
  const auto direction = torch::rand_like(padded);
  (padded * direction).sum().backward();
  CHECK(values.grad().equal(pairs.of_pairs(direction)));
}

TEST_CASE("attention pairs: sets of groups have no key in common, and hold every group once",
          "[nn][attention][property]") {
  const auto seed = GENERATE(range(1U, 20U));
  const auto shape = GENERATE_COPY(from_range(group_shapes()));
  CAPTURE(seed, shape);
  const AttentionPairs pairs(random_groups(seed, shape), c10::kCPU);
  const auto& sets = pairs.key_sets();
  std::set<int64_t> of_earlier_sets, groups;
  for (size_t s = 0; s < static_cast<size_t>(sets.size()); ++s) {
    std::set<int64_t> own;
    for (int64_t i = sets.first[s]; i < sets.first[s + 1]; ++i) {
      const int64_t number = sets.order[static_cast<size_t>(i)];
      CHECK(groups.insert(number).second);
      const auto& group = pairs.groups()[static_cast<size_t>(number)];
      for (int64_t j = group.first_key; j < group.first_key + group.keys; ++j) own.insert(j);
    }
    for (const int64_t key : own) CHECK(of_earlier_sets.insert(key).second);
  }
  CHECK(groups.size() == pairs.groups().size());
}

TEST_CASE("attention pairs: a query of each owner, neighbours of one owner in one group", "[nn][attention]") {
  const std::vector<int64_t> owner{2, 2, 0, 3, 3, 3, 0}, keys{4, 9, 2, 0};
  const auto pairs = pairs_of_owners(owner, keys, c10::kCPU);
  REQUIRE(pairs.groups().size() == 4);
  const std::vector<int64_t> first_keys{13, 0, 15, 0}, queries{2, 1, 3, 1}, counts{2, 4, 0, 4};
  for (size_t i = 0; i < 4; ++i) {
    CHECK(pairs.groups()[i].first_key == first_keys[i]);
    CHECK(pairs.groups()[i].queries == queries[i]);
    CHECK(pairs.groups()[i].keys == counts[i]);
  }
  CHECK(pairs.pairs() == 2 * 2 + 4 + 0 + 4);
}

}  // namespace
}  // namespace seq2seq::nn
