#include "seq2seq/data/batch.h"

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

using Sentences = std::vector<std::vector<int64_t>>;

DataOptions reading(Reverse reverse, SourceEnd end) {
  DataOptions options;
  options.reverse = reverse;
  options.source_end = end;
  return options;
}

}  // namespace

TEST_CASE("batch: the decoder reads start and target, and writes target and end", "[data][batch]") {
  const auto text = numbered_pipeline(reading(Reverse::none, SourceEnd::after));
  const auto batch = make_batch({{3, 4}, {5}}, {{6}, {7, 8, 9}}, {0, 1}, text);

  REQUIRE(unpack(batch.source) == Sentences{{3, 4, text::end_id}, {5, text::end_id}});
  REQUIRE(unpack(batch.inputs) == Sentences{{text::start_id, 6}, {text::start_id, 7, 8, 9}});
  REQUIRE(unpack(batch.targets) == Sentences{{6, text::end_id}, {7, 8, 9, text::end_id}});
}

TEST_CASE("batch: inputs and targets share a layout, and sides are sorted each by its own length", "[data][batch]") {
  const auto text = numbered_pipeline(reading(Reverse::none, SourceEnd::none));
  const auto batch = make_batch({{3, 4}, {5}}, {{6}, {7, 8, 9}}, {0, 1}, text);

  REQUIRE(batch.inputs.layout == batch.targets.layout);
  REQUIRE(batch.source.layout->order()[0].item<int64_t>() == 0);
  REQUIRE(batch.inputs.layout->order()[0].item<int64_t>() == 1);
  REQUIRE(batch.source_tokens() == 3);
  REQUIRE(batch.target_tokens() == 6);
}

TEST_CASE("batch: the side that is asked for is reversed, and the end symbol stands where it is asked for",
          "[data][batch]") {
  const auto batch_of = [](Reverse reverse, SourceEnd end) {
    return make_batch({{3, 4}}, {{5, 6}}, {0}, numbered_pipeline(reading(reverse, end)));
  };
  const auto source = [&](Reverse reverse, SourceEnd end) { return unpack(batch_of(reverse, end).source)[0]; };
  const auto target = [&](Reverse reverse) { return unpack(batch_of(reverse, SourceEnd::after).targets)[0]; };
  using Ids = std::vector<int64_t>;

  REQUIRE(source(Reverse::source, SourceEnd::after) == Ids{4, 3, text::end_id});
  REQUIRE(source(Reverse::both, SourceEnd::reversed) == Ids{text::end_id, 4, 3});
  REQUIRE(source(Reverse::target, SourceEnd::none) == Ids{3, 4});
  REQUIRE(target(Reverse::source) == Ids{5, 6, text::end_id});
  REQUIRE(target(Reverse::target) == Ids{6, 5, text::end_id});
  REQUIRE(target(Reverse::both) == Ids{6, 5, text::end_id});
}

TEST_CASE("batch: an empty source has a row all the same, an empty target only the end symbol", "[data][batch]") {
  const auto end = GENERATE(SourceEnd::none, SourceEnd::after, SourceEnd::reversed);
  const auto batch = make_batch({{}}, {{}}, {0}, numbered_pipeline(reading(Reverse::source, end)));

  REQUIRE(batch.source_tokens() == 1);
  REQUIRE(unpack(batch.targets) == Sentences{{text::end_id}});
}

TEST_CASE("batch: pairs of a corpus carry their numbers as keys", "[data][batch]") {
  const auto corpus = corpus_of({{3}, {4, 5}, {6}}, {{7}, {8}, {9, 10}}, /*first=*/100);
  const auto batch =
      make_batch(corpus, std::vector<int64_t>{2, 0}, numbered_pipeline(reading(Reverse::none, SourceEnd::none)));

  REQUIRE(unpack(batch.source) == Sentences{{6}, {3}});
  REQUIRE(unpack(batch.inputs) == Sentences{{text::start_id, 9, 10}, {text::start_id, 7}});
  for (const auto& side : {batch.source, batch.targets}) {
    REQUIRE(side.layout->key[0].item<int64_t>() == 102);
    REQUIRE(side.layout->key[1].item<int64_t>() == 100);
  }
}

TEST_CASE("batch: sources alone are those of the batch", "[data][batch]") {
  std::mt19937_64 random(1);
  const auto sources = random_sentences(random, {3, 0, 9, 1});
  const auto text = numbered_pipeline(reading(Reverse::source, SourceEnd::after));
  const std::vector<int64_t> keys{4, 5, 6, 7};

  REQUIRE(at::equal(make_sources(sources, keys, text).rows, make_batch(sources, sources, keys, text).source.rows));
}

TEST_CASE("batch: as many sources as targets are asked for", "[data][batch][error]") {
  REQUIRE_THROWS_AS(make_batch({{3}}, {}, {0}, numbered_pipeline({})), ShapeError);
}

TEST_CASE("batch: each pair has its own weight, in the order asked for", "[data][batch]") {
  auto corpus = corpus_of({{3}, {3, 4, 5}, {3, 4}}, {{6}, {7}, {8}});
  const std::vector<int64_t> pairs{2, 0, 1};
  REQUIRE_FALSE(make_batch(corpus, pairs, numbered_pipeline({})).weights.defined());
  TokenStoreBuilder weights;
  weights.add({stored_weight(0.1F), stored_weight(2), stored_weight(0)});
  corpus.weights = weights.finish();
  const auto batch = to(make_batch(corpus, pairs, numbered_pipeline({})), c10::Device("cpu"));

  REQUIRE(batch.weights[0].item<float>() == 0);
  REQUIRE(batch.weights[1].item<float>() == 0.1F);
  REQUIRE(batch.weights[2].item<float>() == 2);
}
