#include "seq2seq/decode/list_scores.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/small_predictor.h"
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

/// Returns `count` targets of up to 7 words; many begin alike and some are equal.
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

TEST_CASE("list scores: what does not fit into memory is halved, a list of one source, too, and said once",
          "[decode][score][batch]") {
  const auto failure = GENERATE(Failure::cpu, Failure::other_device, Failure::standard);
  const int64_t most = GENERATE(1, 5, 20, 40);  // different beginnings of one length; the longest list has more
  CAPTURE(static_cast<int>(failure), most);
  const auto text = pipeline(data::Reverse::none);
  const TreePredictor whole({.seed = 5, .words = listed_words});
  const SmallPredictor small(whole, most, failure);
  const decode::Readings sources{{.text = &text, .sentences = {{3}, {4, 5, 3}, {5}, {3, 3, 4, 5}}}};
  const std::vector<Sentences> targets{random_list(1, 100), {}, random_list(2, 1), random_list(3, 200)};
  std::vector<int64_t> finished, halved;
  decode::Done done([&finished](int64_t count) { finished.push_back(count); });
  done.halved = [&halved](int64_t count) { halved.push_back(count); };

  const auto found = decode::score_lists(small, sources, targets, 250, done);

  const auto wanted = decode::score_lists(whole, sources, targets, 250);
  REQUIRE(found.lists.size() == wanted.lists.size());
  for (size_t source = 0; source < wanted.lists.size(); ++source) {
    REQUIRE(found.lists[source].size() == wanted.lists[source].size());
    for (size_t i = 0; i < wanted.lists[source].size(); ++i) {
      CHECK(found.lists[source][i].token_scores == wanted.lists[source][i].token_scores);
      CHECK(found.lists[source][i].score == wanted.lists[source][i].score);
    }
  }
  CHECK(found.tokens == wanted.tokens);
  CHECK(found.steps >= wanted.steps);
  CHECK(halved == std::vector<int64_t>{200});
  CHECK(std::is_sorted(finished.begin(), finished.end()));
  CHECK(finished.back() == 301);
}

TEST_CASE("list scores: a target that does not fit alone, and any other fault, is thrown", "[decode][score][error]") {
  const auto text = pipeline(data::Reverse::none);
  const TreePredictor whole({.seed = 5, .words = listed_words});
  const decode::Readings sources{{.text = &text, .sentences = {{3}}}};
  const std::vector<Sentences> targets{random_list(1, 8)};
  const SmallPredictor small(whole, 0, Failure::other_device);
  CHECK_THROWS_AS(decode::score_lists(small, sources, targets, 100), c10::OutOfMemoryError);
  CHECK(small.sizes.size() == 4);  // 8, 4, 2 and 1 targets
  const SmallPredictor broken(whole, 0, Failure::none);
  CHECK_THROWS_AS(decode::score_lists(broken, sources, targets, 100), std::logic_error);
  CHECK(broken.sizes.size() == 1);
}

}  // namespace seq2seq::test
