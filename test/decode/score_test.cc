#include "seq2seq/decode/score.h"

#include <vector>

#include "seq2seq/text/vocabulary.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("score: each pair has its own tokens' scores in their order, then the end symbol's", "[decode][score]") {
  const TreePredictor predictor({.seed = 4, .words = 5});
  const std::vector<std::vector<int64_t>> sources{{3}, {4, 5, 6, 7}, {3, 3}, {7}};
  const std::vector<std::vector<int64_t>> outputs{{3, 4}, {}, {5, 5, 5, 5, 6}, {0, 7, 3}};  // the third is the longest
  std::vector<std::vector<int64_t>> inputs, targets;
  for (const auto& output : outputs) {
    inputs.push_back({text::start_id});
    inputs.back().insert(inputs.back().end(), output.begin(), output.end());
    targets.push_back(output);
    targets.back().push_back(text::end_id);
  }
  const std::vector<int64_t> keys(4, 0);
  const auto pairs =
      decode::score(predictor, {data::pack(sources, keys), data::pack(inputs, keys), data::pack(targets, keys)});

  REQUIRE(pairs.size() == 4);
  for (size_t i = 0; i < pairs.size(); ++i) {
    CAPTURE(i);
    double sum = 0;
    std::vector<int64_t> before;
    REQUIRE(pairs[i].token_scores.size() == targets[i].size());
    for (size_t j = 0; j < targets[i].size(); ++j) {
      const double expected = predictor.next(sources[i], before).at(static_cast<size_t>(targets[i][j]));
      REQUIRE(pairs[i].token_scores[j] == expected);
      sum += expected;
      before.push_back(targets[i][j]);
    }
    REQUIRE(pairs[i].score == sum);
  }
}

TEST_CASE("score: no pairs, no scores", "[decode][score]") {
  const TreePredictor predictor({});
  REQUIRE(decode::score(predictor, {data::pack({}, {}), data::pack({}, {}), data::pack({}, {})}).empty());
}

}  // namespace seq2seq::test
