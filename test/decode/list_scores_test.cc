#include "seq2seq/decode/list_scores.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

using decode::Sentences;

constexpr int64_t listed_words = 3;

data::TextPipeline pipeline(data::Reverse reverse) {
  std::vector<text::Vocabulary::Word> words;
  for (int64_t i = 0; i < listed_words; ++i)
    words.push_back({.text = std::string(1, static_cast<char>('a' + i)), .count = 1});
  data::DataOptions options;
  options.reverse = reverse;
  return {options, text::builtin_tokenizers(), text::Vocabulary(words), text::Vocabulary(words)};
}

/// `count` targets of up to 7 words, of which many begin alike and some are equal.
Sentences random_list(uint64_t seed, int64_t count) {
  const RandomStream stream(seed, Purpose::sampling);
  Sentences list;
  for (int64_t i = 0; i < count; ++i) {
    auto& target = list.emplace_back();
    const auto length = static_cast<uint32_t>(stream.uniform(static_cast<uint64_t>(i), 0) * 8);
    for (uint32_t j = 1; j <= length; ++j)
      target.push_back(text::special_count +
                       static_cast<int64_t>(stream.uniform(static_cast<uint64_t>(i), j) * listed_words));
  }
  return list;
}

}  // namespace

TEST_CASE("list scores: every target has the score of its own words, and each beginning is computed once",
          "[decode][score]") {
  const auto reverse = GENERATE(data::Reverse::none, data::Reverse::target, data::Reverse::both);
  const auto hypotheses = GENERATE(int64_t{1}, int64_t{150}, int64_t{100'000});
  CAPTURE(static_cast<int>(reverse), hypotheses);
  const auto text = pipeline(reverse);
  const TreePredictor predictor({.seed = 5, .words = listed_words});
  const Sentences sources{{3}, {4, 5, 3}, {5}, {3, 3, 4, 5}};
  const std::vector<Sentences> targets{random_list(1, 100), {}, random_list(2, 1), random_list(3, 200)};
  int64_t told = 0;
  const auto found = decode::score_lists(predictor, {{.text = &text, .sentences = sources}}, targets, hypotheses,
                                         [&told](int64_t done) { told = done; });

  CHECK(told == 301);
  REQUIRE(found.lists.size() == 4);
  int64_t tokens = 0, beginnings = 0;
  for (size_t source = 0; source < 4; ++source) {
    REQUIRE(found.lists[source].size() == targets[source].size());
    std::set<std::vector<int64_t>> seen;
    for (size_t i = 0; i < targets[source].size(); ++i) {
      CAPTURE(source, i);
      auto words = text.decoder_ids(targets[source][i]);
      words.push_back(text::end_id);
      std::vector<double> expected;
      std::vector<int64_t> before;
      double sum = 0;
      for (const int64_t word : words) {
        seen.insert(before);
        expected.push_back(predictor.next(text.encoder_ids(sources[source]), before).at(static_cast<size_t>(word)));
        sum += expected.back();
        before.push_back(word);
      }
      if (reverse != data::Reverse::none) std::reverse(expected.begin(), expected.end() - 1);
      REQUIRE(found.lists[source][i].token_scores == expected);
      REQUIRE(found.lists[source][i].score == sum);
      tokens += std::ssize(words);
    }
    beginnings += std::ssize(seen);
  }
  CHECK(found.tokens == tokens);
  CHECK(found.steps == beginnings);
  CHECK(found.saved() == 1 - static_cast<double>(beginnings) / static_cast<double>(tokens));
}

}  // namespace seq2seq::test
