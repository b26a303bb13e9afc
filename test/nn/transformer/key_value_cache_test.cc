#include "seq2seq/nn/transformer/key_value_cache.h"

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>

#include "seq2seq/core/random.h"
#include "seq2seq/nn/transformer/source_cache.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using Numbers = std::vector<int64_t>;

constexpr int64_t cache_width = 3;

/// Expected content of a cache, stored by hypothesis.
struct PlainCache {
  struct Layer {
    std::vector<std::vector<Tensor>> keys, values;  // [R] rows of each
  };
  std::vector<Layer> layers;

  PlainCache(size_t count, size_t hypotheses) : layers(count) {
    for (auto& layer : layers) {
      layer.keys.resize(hypotheses);
      layer.values.resize(hypotheses);
    }
  }
  template <class Change>
  void change(const Change& change) {
    for (auto& layer : layers) {
      layer.keys = change(layer.keys);
      layer.values = change(layer.values);
    }
  }
  size_t hypotheses() const { return layers.front().keys.size(); }
};

/// Adds a chunk of random rows to both caches, and compares the rows that they return.
void add_chunk(KeyValueCache& cache, PlainCache& plain, const Numbers& rows) {
  int64_t sum = 0;
  for (const int64_t count : rows) sum += count;
  cache.begin(rows);
  const auto pairs = cache.pairs(c10::kCPU);
  for (size_t layer = 0; layer < plain.layers.size(); ++layer) {
    const KeysValues added{at::randn({sum, cache_width}), at::randn({sum, cache_width})};
    const auto all = cache.add(static_cast<int64_t>(layer), added);
    auto& expected = plain.layers[layer];
    int64_t row = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (int64_t end = row + rows[i]; row < end; ++row) {
        expected.keys[i].push_back(added.keys[row]);
        expected.values[i].push_back(added.values[row]);
      }
      const auto& group = pairs.groups().at(i);
      REQUIRE(group.queries == rows[i]);
      REQUIRE(group.keys == std::ssize(expected.keys[i]));
      if (group.keys == 0) continue;
      REQUIRE(all.keys.narrow(0, group.first_key, group.keys).equal(at::stack(expected.keys[i])));
      REQUIRE(all.values.narrow(0, group.first_key, group.keys).equal(at::stack(expected.values[i])));
    }
  }
  cache.end();
}

TEST_CASE("key and value cache: holds each hypothesis' own rows after any chunks, selections and joins",
          "[nn][transformer][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  const bool gradients = GENERATE(false, true);
  CAPTURE(seed, gradients);
  const torch::AutoGradMode mode(gradients);
  const RandomStream stream(seed, Purpose::sampling);
  uint64_t draw = 0;
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(stream.uniform(draw++, 0) * static_cast<double>(bound));
  };
  const auto chunk_of = [&](size_t hypotheses) {
    const int64_t longest = below(4) == 0 ? 7 : 2;
    Numbers rows;
    for (size_t i = 0; i < hypotheses; ++i) rows.push_back(below(longest));
    return rows;
  };
  KeyValueCache cache(2, 3);
  PlainCache plain(2, 3);
  for (int step = 0; step < 25; ++step) {
    if (below(8) == 0) {
      KeyValueCache other(2, 2);
      PlainCache plain_other(2, 2);
      if (below(2) == 0) add_chunk(other, plain_other, chunk_of(2));
      cache.append(other);
      for (size_t layer = 0; layer < 2; ++layer) {
        auto& to = plain.layers[layer];
        const auto& from = plain_other.layers[layer];
        to.keys.insert(to.keys.end(), from.keys.begin(), from.keys.end());
        to.values.insert(to.values.end(), from.values.begin(), from.values.end());
      }
    }
    if (below(3) > 0) {
      Numbers kept;
      for (int64_t count = 1 + below(6); count > 0; --count)
        kept.push_back(below(static_cast<int64_t>(plain.hypotheses())));
      cache.select(kept);
      plain.change([&](const std::vector<std::vector<Tensor>>& rows) {
        std::vector<std::vector<Tensor>> selected;
        for (const int64_t i : kept) selected.push_back(rows.at(static_cast<size_t>(i)));
        return selected;
      });
    }
    add_chunk(cache, plain, chunk_of(plain.hypotheses()));
  }
}

TEST_CASE("key and value cache: a search's steps copy no hypothesis that only goes on", "[nn][transformer]") {
  const torch::NoGradGuard no_gradient;
  KeyValueCache cache(1, 4);
  Tensor memory;
  for (int step = 0; step < 16; ++step) {
    if (step > 0) cache.select({3, 1, 0, 2});  // the same four in another order
    cache.begin({1, 1, 1, 1});
    const auto all = cache.add(0, {at::randn({4, cache_width}), at::randn({4, cache_width})});
    cache.end();
    if (step > 1) CHECK(all.keys.is_alias_of(memory));
    memory = all.keys;
  }
}

TEST_CASE("source cache: hypotheses look at their own source after selections and joins", "[nn][transformer]") {
  const auto rows_of = [](const SourceCache& cache, size_t hypothesis) {
    const auto pairs = cache.pairs(Numbers(static_cast<size_t>(cache.hypotheses()), 1), c10::kCPU, /*apart=*/true);
    const auto& group = pairs.groups().at(hypothesis);
    return cache.of(0).keys.narrow(0, group.first_key, group.keys);
  };
  const std::vector<Tensor> sources{at::randn({2, 3}), at::randn({5, 3}), at::randn({1, 3})};
  const auto all = at::cat(sources);
  SourceCache cache({{all, all}}, {2, 5, 1}, {0, 1, 2, 1});
  CHECK(rows_of(cache, 3).equal(sources[1]));

  cache.select({0, 2, 2});  // the longest source is removed
  CHECK(cache.of(0).keys.size(0) == 3);
  CHECK(cache.longest() == 2);
  CHECK(rows_of(cache, 0).equal(sources[0]));
  CHECK(rows_of(cache, 2).equal(sources[2]));

  cache.append(SourceCache({{sources[1], sources[1]}}, {5}, {0, 0}));
  CHECK(cache.hypotheses() == 5);
  CHECK(cache.longest() == 5);
  CHECK(rows_of(cache, 1).equal(sources[2]));
  CHECK(rows_of(cache, 4).equal(sources[1]));

  const auto together = cache.pairs({1, 1, 1, 1, 1}, c10::kCPU, /*apart=*/false);
  REQUIRE(together.groups().size() == 3);  // neighbours with the same source share a group
  CHECK(together.groups()[2].queries == 2);
}

}  // namespace
}  // namespace seq2seq::nn
