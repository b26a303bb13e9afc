#include "seq2seq/nn/word_dropout.h"

#include <map>
#include <utility>
#include <vector>

#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

constexpr auto side = Site::Part::source_embedding;
const Draw draw{.seed = 3, .update = 8};

std::vector<float> values_of(const at::Tensor& mask) {
  const auto flat = mask.flatten().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

TEST_CASE("word dropout: by word, all occurrences in a sentence fall or stay together; by occurrence they do not",
          "[nn][dropout]") {
  const auto ids = random_sentences(1, std::vector<int64_t>(40, 30), 9);  // each word often
  for (const auto by : {DropWordsBy::word, DropWordsBy::occurrence}) {
    const auto mask = ids.with(word_mask(ids, {.share = 0.5, .by = by}, side, draw));
    std::map<std::pair<int64_t, int64_t>, std::map<float, int>> seen;  // by sentence and word: count of each value
    for (int64_t sentence = 0; sentence < 40; ++sentence) {
      const auto words = on_host(rows_of(ids, sentence));
      const auto kept = values_of(rows_of(mask, sentence));
      REQUIRE(kept.size() == words.size());
      for (size_t i = 0; i < words.size(); ++i) ++seen[{sentence, words[i]}][kept[i]];
    }
    int both = 0, all = 0, dropped = 0;
    for (const auto& [where, values] : seen) {
      for (const auto& [value, times] : values) REQUIRE((value == 0.0F || value == 2.0F));
      both += values.size() == 2 ? 1 : 0;
      dropped += values.contains(0.0F) ? 1 : 0;
      ++all;
    }
    CAPTURE(static_cast<int>(by), both, all);
    REQUIRE(all > 230);  // of 240: 30 draws of six words rarely miss one
    if (by == DropWordsBy::word) {
      CHECK(both == 0);
      CHECK_THAT(static_cast<double>(dropped) / all, WithinAbs(0.5, 0.13));  // four standard errors
    } else {
      CHECK(both > 200);  // of about five occurrences, all equal with probability 1/16
    }
  }
}

TEST_CASE("word dropout: a pair's words are the same alone, in a batch and in a chunk", "[nn][dropout][batch]") {
  const auto by = GENERATE(DropWordsBy::word, DropWordsBy::occurrence);
  const WordDropout half{.share = 0.5, .by = by};
  const auto sentences = random_ids(4, {3, 18, 1}, 9);
  const auto together = data::pack(sentences, {70, 80, 90});
  const auto mask = together.with(word_mask(together, half, side, draw));
  const auto alone = data::pack({sentences[1]}, {80});
  CHECK(rows_of(mask, 1).equal(word_mask(alone, half, side, draw)));
  CHECK(word_mask(data::chunk(together, 2, 18), half, side, draw).equal(data::chunk(mask, 2, 18).rows));
}

TEST_CASE("word dropout: seed, update, side and pair each draw anew, and units are dropped apart from words",
          "[nn][dropout]") {
  const WordDropout half{.share = 0.5};
  const auto ids = data::pack({numbers(64)}, {1});
  const auto mask = word_mask(ids, half, side, draw);
  CHECK_FALSE(mask.equal(word_mask(ids, half, side, {.seed = 4, .update = 8})));
  CHECK_FALSE(mask.equal(word_mask(ids, half, side, {.seed = 3, .update = 9})));
  CHECK_FALSE(mask.equal(word_mask(ids, half, Site::Part::target_embedding, draw)));
  CHECK_FALSE(mask.equal(word_mask(data::pack({numbers(64)}, {2}), half, side, draw)));
  CHECK_FALSE(mask.equal(dropout_mask(*ids.layout, 1, 0.5, {side}, draw)));
}

TEST_CASE("word dropout: models read the same losses as with the rows of dropped words set to zero by hand",
          "[nn][dropout][witness]") {
  // One sentence with each word once: dropping a word equals a table with a row of zeros and the other rows scaled.
  const std::vector<int64_t> words{3, 4, 5, 6, 7, 8};
  const auto ids = data::pack({words}, {11});
  const WordDropout third{.share = 0.3};
  const auto table = at::randn({9, 4}, at::kDouble);
  const auto mask = values_of(word_mask(ids, third, side, draw));
  auto by_hand = table.clone();
  for (size_t i = 0; i < words.size(); ++i) {
    auto row = by_hand[words[i]];
    if (mask[i] == 0.0F) {
      row.zero_();
    } else {
      row.div_(0.7);
    }
  }
  const auto found = drop_words(table.index_select(0, ids.rows), ids, third, side, &draw);
  CHECK(torch::allclose(found, by_hand.index_select(0, ids.rows), 1e-6, 0));  // the scale is a float
  CHECK(drop_words(table, ids, third, side, nullptr).is_same(table));
  CHECK(drop_words(table, ids, {.share = 0}, side, &draw).is_same(table));
}

}  // namespace
}  // namespace seq2seq::nn
