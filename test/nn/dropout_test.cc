#include "seq2seq/nn/dropout.h"

#include <map>
#include <set>
#include <string>

#include <ATen/Parallel.h>

#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

const Site site{Site::Part::encoder_layer, 1};

TEST_CASE("dropout: keeps the asked share of units and scales them so that the mean stays", "[nn][dropout]") {
  const double share = GENERATE(0.1, 0.5, 0.8);
  CAPTURE(share);
  const auto layout = data::make_layout(std::vector<int64_t>(50, 20), numbers(50));
  const auto mask = dropout_mask(*layout, 100, share, site, {.seed = 1, .update = 1});
  // 100,000 units: the standard error of the share is below 0.0016.
  CHECK_THAT((mask == 0).to(at::kDouble).mean().item<double>(), WithinAbs(share, 0.01));
  CHECK(((mask == 0) | ((mask - 1 / (1 - share)).abs() < 1e-5)).all().item<bool>());
}

TEST_CASE("dropout: a pair's mask does not depend on its batch or its chunk", "[nn][dropout][batch]") {
  const Draw draw{.seed = 5, .update = 9};
  const auto batch = data::make_layout({3, 8, 1}, {70, 80, 90});
  const Packed together{dropout_mask(*batch, 13, 0.5, site, draw), batch};
  const auto alone = dropout_mask(*data::make_layout({8}, {80}), 13, 0.5, site, draw);
  CHECK(rows_of(together, 1).equal(alone));

  const auto tail = data::chunk(together, 2, 8);
  CHECK(dropout_mask(*tail.layout, 13, 0.5, site, draw).equal(tail.rows));
}

TEST_CASE("dropout: the same bits on any number of threads", "[nn][dropout]") {
  const Draw draw{.seed = 5, .update = 9};
  const auto layout = data::make_layout(std::vector<int64_t>(40, 20), numbers(40));
  const int threads_before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = dropout_mask(*layout, 512, 0.3, site, draw);  // 800 rows, in tasks of 32
  for (const int threads : {2, 3, 5}) {
    CAPTURE(threads);
    at::set_num_threads(threads);
    CHECK(dropout_mask(*layout, 512, 0.3, site, draw).equal(one));
  }
  at::set_num_threads(threads_before);
}

TEST_CASE("dropout: another seed, update, site, pair or position draws anew", "[nn][dropout]") {
  const auto layout = data::make_layout({4}, {1});
  const auto mask = dropout_mask(*layout, 64, 0.5, site, {.seed = 1, .update = 1});
  CHECK_FALSE(mask.equal(dropout_mask(*layout, 64, 0.5, site, {.seed = 2, .update = 1})));
  CHECK_FALSE(mask.equal(dropout_mask(*layout, 64, 0.5, site, {.seed = uint64_t{1} << 40 | 1, .update = 1})));
  CHECK_FALSE(mask.equal(dropout_mask(*layout, 64, 0.5, site, {.seed = 1, .update = 2})));
  CHECK_FALSE(mask.equal(dropout_mask(*layout, 64, 0.5, {Site::Part::encoder_layer, 2}, {.seed = 1, .update = 1})));
  CHECK_FALSE(mask.equal(dropout_mask(*layout, 64, 0.5, {Site::Part::decoder_layer, 1}, {.seed = 1, .update = 1})));
  CHECK_FALSE(mask.equal(dropout_mask(*data::make_layout({4}, {2}), 64, 0.5, site, {.seed = 1, .update = 1})));
  CHECK_FALSE(mask[0].equal(mask[1]));
}

TEST_CASE("dropout: a site keeps its number, and a module's name makes one that no numbered site has",
          "[nn][dropout]") {
  // The draws of a run depend on these numbers; others would give other parameters.
  CHECK(Site{Site::Part::source_embedding}.number() == 0);
  CHECK(Site{Site::Part::target_embedding}.number() == 1 << 10);
  CHECK(Site{Site::Part::encoder_layer, 3}.number() == (2 << 10 | 3));
  CHECK(Site{Site::Part::decoder_layer, 1}.number() == (3 << 10 | 1));
  CHECK(Site{Site::Part::output}.number() == 4 << 10);
  // FNV-1a of `a` is 0xE40C292C in the test vectors of its authors.
  CHECK(Site::of_module("a").number() == 0xE40C292CU);
  CHECK(Site::of_module("decoder.attention").number() >= 0x80000000U);
  CHECK(Site::of_module("decoder.attention").number() != Site::of_module("encoder.attention").number());
}

TEST_CASE("dropout: two named sites whose numbers agree in the lower half draw apart", "[nn][dropout]") {
  std::map<uint32_t, Site> by_lower_half;
  const auto layout = data::make_layout({4}, {1});
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto named = Site::of_module("layers." + std::to_string(i));
    const auto [other, added] = by_lower_half.try_emplace(named.number() & 0xFFFF, named);
    if (added || other->second.number() == named.number()) continue;
    ++found;
    const Draw draw{.seed = 1, .update = 1};
    CHECK_FALSE(dropout_mask(*layout, 64, 0.5, named, draw).equal(dropout_mask(*layout, 64, 0.5, other->second, draw)));
  }
  CHECK(found > 5);  // 30 pairs of 2,000 names are expected
}

TEST_CASE("dropout: a mask by sentence is the same at all positions, and another in each sentence", "[nn][dropout]") {
  const Draw draw{.seed = 5, .update = 9};
  auto by_sentence = site;
  by_sentence.by_sentence = true;
  const auto layout = data::make_layout({3, 8, 0, 1}, {70, 80, 90, 100});
  const Packed mask{dropout_mask(*layout, 64, 0.5, by_sentence, draw), layout};
  const auto first = dropout_mask(*layout, 64, 0.5, site, draw).narrow(0, 0, 3);  // at position 0
  CHECK(mask.rows.narrow(0, 0, 3).equal(first));
  for (const int64_t sentence : {0, 1, 3})
    for (const auto& row : rows_of(mask, sentence).unbind()) CHECK(row.equal(rows_of(mask, sentence)[0]));
  CHECK_FALSE(rows_of(mask, 0)[0].equal(rows_of(mask, 1)[0]));
  CHECK(sentence_mask(*layout, 64, 0.5, by_sentence, draw).equal(first));
  CHECK(sentence_mask(*data::chunk(mask, 4, 8).layout, 64, 0.5, site, draw)[0].equal(first[0]));
}

TEST_CASE("dropout: sites within a layer differ from each other and from those of other layers", "[nn][dropout]") {
  std::set<uint32_t> numbers;
  for (const auto part : {Site::Part::encoder_layer, Site::Part::decoder_layer, Site::Part::output})
    for (uint32_t layer = 0; layer < 64; ++layer)
      for (uint32_t use = 0; use < 16; ++use) numbers.insert(Site{part, layer}.within(use).number());
  CHECK(numbers.size() == 3 * 64 * 16);
}

TEST_CASE("dropout: without a draw, or with share 0, rows pass as they are", "[nn][dropout]") {
  const auto rows = random_packed({3, 2}, 4, at::kFloat);
  const Draw draw{.seed = 1, .update = 1};
  CHECK(dropout(rows, 0.5, site, nullptr).rows.is_same(rows.rows));
  CHECK(dropout(rows, 0, site, &draw).rows.is_same(rows.rows));
}

}  // namespace
}  // namespace seq2seq::nn
