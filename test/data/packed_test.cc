#include "seq2seq/data/packed.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

#include <ATen/ops/_pack_padded_sequence.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Sentences = std::vector<std::vector<int64_t>>;

std::vector<int64_t> values(const at::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  const auto* begin = flat.const_data_ptr<int64_t>();
  return {begin, begin + flat.numel()};
}

std::vector<int64_t> keys_of(const Sentences& sentences) {
  std::vector<int64_t> keys(sentences.size());
  std::iota(keys.begin(), keys.end(), 1000);
  return keys;
}

Sentences random_batch(unsigned seed) {
  std::mt19937_64 random(seed);
  return random_sentences(random, random_lengths(random));
}

std::vector<int64_t> lengths_of(const Sentences& sentences) {
  std::vector<int64_t> lengths;
  for (const auto& sentence : sentences) lengths.push_back(std::ssize(sentence));
  return lengths;
}

}  // namespace

TEST_CASE("packed: unpacking is the inverse of packing", "[data][packed][property]") {
  const auto seed = GENERATE(range(1u, 31u));
  CAPTURE(seed);
  const auto sentences = random_batch(seed);

  REQUIRE(unpack(pack(sentences, keys_of(sentences))) == sentences);
}

TEST_CASE("packed: rows and running counts are those of PyTorch's PackedSequence", "[data][packed][witness]") {
  const auto seed = GENERATE(range(1u, 31u));
  CAPTURE(seed);
  auto sentences = random_batch(seed);
  std::erase_if(sentences, [](const auto& sentence) { return sentence.empty(); });  // PyTorch has none
  const auto packed = pack(sentences, keys_of(sentences));

  auto sorted = sentences;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  auto padded = at::zeros({std::ssize(sorted), std::ssize(sorted.front())}, at::kLong);  // [B, T]
  for (int64_t b = 0; b < std::ssize(sorted); ++b) {
    const auto& sentence = sorted[static_cast<std::size_t>(b)];
    padded[b].narrow(0, 0, std::ssize(sentence)).copy_(at::tensor(sentence));
  }
  const auto [rows, batch_sizes] =
      at::_pack_padded_sequence(padded, at::tensor(lengths_of(sorted)), /*batch_first=*/true);

  REQUIRE(at::equal(packed.rows, rows));
  REQUIRE(packed.layout->running == values(batch_sizes));
}

TEST_CASE("layout: owner and position name the token of every row", "[data][packed][property]") {
  const auto seed = GENERATE(range(1u, 11u));
  CAPTURE(seed);
  const auto sentences = random_batch(seed);
  const auto packed = pack(sentences, keys_of(sentences));
  const auto owner = values(packed.layout->owner), position = values(packed.layout->position),
             rows = values(packed.rows);

  for (std::size_t row = 0; row < rows.size(); ++row) {
    REQUIRE(sentences[static_cast<std::size_t>(owner[row])][static_cast<std::size_t>(position[row])] == rows[row]);
  }
  REQUIRE(values(packed.layout->key) == keys_of(sentences));
}

TEST_CASE("layout: sentences of equal length keep the caller's order", "[data][packed]") {
  REQUIRE(values(make_layout({2, 3, 2, 0, 3}, {0, 1, 2, 3, 4})->order()) == std::vector<int64_t>{1, 4, 0, 2});
}

TEST_CASE("layout: is in order exactly if its first step's sentences are 0, 1, 2, ...", "[data][packed][property]") {
  const auto lengths =
      GENERATE(std::vector<int64_t>{3, 3, 2}, std::vector<int64_t>{2, 3, 2}, std::vector<int64_t>{3, 0, 2},
               std::vector<int64_t>{3, 2, 0}, std::vector<int64_t>{0, 0}, std::vector<int64_t>{});
  CAPTURE(lengths);
  const auto layout = make_layout(lengths, std::vector<int64_t>(lengths.size(), 0));
  CHECK(layout->in_order == layout->order().equal(at::arange(layout->order().size(0), at::kLong)));
  const Packed packed{at::zeros({layout->rows()}), layout};
  for (int64_t step = 0; step < layout->steps(); ++step) {
    const auto piece = chunk(packed, step, layout->steps()).layout;
    if (piece->in_order) CHECK(piece->order().equal(at::arange(piece->order().size(0), at::kLong)));
  }
  CHECK(make_step(3, 5)->in_order);
}

TEST_CASE("layout: a batch without a token has no step", "[data][packed]") {
  const auto lengths = GENERATE(std::vector<int64_t>{}, std::vector<int64_t>{0, 0});
  const auto layout = make_layout(lengths, lengths);

  REQUIRE(layout->steps() == 0);
  REQUIRE(layout->rows() == 0);
  REQUIRE(layout->sentences == std::ssize(lengths));
  REQUIRE(layout->order().size(0) == 0);
}

TEST_CASE("layout: as many keys as sentences are asked for", "[data][packed][error]") {
  REQUIRE_THROWS_AS(make_layout({1, 2}, {0}), ShapeError);
}

TEST_CASE("chunk: chunks one after another are the whole", "[data][packed][property]") {
  const auto seed = GENERATE(range(1u, 6u));
  const int64_t size = GENERATE(1, 2, 7, 1000);
  CAPTURE(seed, size);
  const auto sentences = random_batch(seed);
  const auto whole = pack(sentences, keys_of(sentences));
  std::vector<at::Tensor> rows, owner, position;
  std::vector<int64_t> running;
  for (int64_t first = 0; first < whole.layout->steps(); first += size) {
    const auto part = chunk(whole, first, std::min(first + size, whole.layout->steps()));
    REQUIRE(part.sentences() == std::ssize(sentences));
    rows.push_back(part.rows);
    owner.push_back(part.layout->owner);
    position.push_back(part.layout->position);
    running.insert(running.end(), part.layout->running.begin(), part.layout->running.end());
  }

  REQUIRE(at::equal(at::cat(rows), whole.rows));
  REQUIRE(at::equal(at::cat(owner), whole.layout->owner));
  REQUIRE(at::equal(at::cat(position), whole.layout->position));
  REQUIRE(running == whole.layout->running);
}

TEST_CASE("chunk: rows are a view, and the order is that of its own first step", "[data][packed]") {
  const auto whole = pack({{1, 2}, {3}, {4, 5, 6}}, {0, 1, 2});
  const auto part = chunk(whole, 1, 3);

  REQUIRE(part.rows.is_alias_of(whole.rows));
  REQUIRE(values(part.layout->order()) == std::vector<int64_t>{2, 0});
  REQUIRE(unpack(part) == Sentences{{2}, {}, {5, 6}});
}

TEST_CASE("chunk: steps that are not there are refused", "[data][packed][error]") {
  const auto whole = pack({{1, 2}}, {0});
  const auto [first, last] = GENERATE(table<int64_t, int64_t>({{-1, 1}, {0, 3}, {2, 1}}));

  REQUIRE_THROWS_AS(chunk(whole, first, last), ShapeError);
}

TEST_CASE("by_sentence: rows come sentence by sentence, step by step, also those of a chunk",
          "[data][packed][property]") {
  const auto seed = GENERATE(range(1u, 11u));
  const int64_t first = GENERATE(0, 3);
  CAPTURE(seed, first);
  const auto sentences = random_batch(seed);
  const auto whole = pack(sentences, keys_of(sentences));
  const auto part = chunk(whole, first, whole.layout->steps());
  std::vector<int64_t> expected;
  for (const auto& sentence : sentences) {
    if (std::ssize(sentence) > first) expected.insert(expected.end(), sentence.begin() + first, sentence.end());
  }

  REQUIRE(values(by_sentence(part.rows, *part.layout)) == expected);
  REQUIRE(at::equal(by_sentence(part.rows.unsqueeze(1), *part.layout).squeeze(1), at::tensor(expected)));
}

TEST_CASE("step: every sentence has one row, in the caller's order, at the position asked for", "[data][packed]") {
  const auto step = make_step(3, 17);

  REQUIRE(step->running == std::vector<int64_t>{3});
  REQUIRE(values(step->owner) == std::vector<int64_t>{0, 1, 2});
  REQUIRE(values(step->position) == std::vector<int64_t>{17, 17, 17});
  REQUIRE(make_step(0, 1)->steps() == 0);
}

TEST_CASE("packed: moving to the device where it lies copies nothing", "[data][packed]") {
  const auto packed = pack({{1, 2}, {3}}, {0, 1});
  const auto moved = to(packed, c10::Device(c10::kCPU));

  REQUIRE(moved.layout == packed.layout);
  REQUIRE(moved.rows.is_alias_of(packed.rows));
}
