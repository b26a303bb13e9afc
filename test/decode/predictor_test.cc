#include "seq2seq/decode/predictor.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include <ATen/ops/tensor.h>

#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/text/vocabulary.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::test {
namespace {

using decode::DecodeOptions;
using decode::Hypothesis;
using decode::ModelPredictor;
using Sentences = std::vector<std::vector<int64_t>>;

constexpr int64_t source_words = 20, target_words = 12;

std::shared_ptr<nn::Model> model_of(uint64_t seed) {
  return random_model(seed, {.source_words = source_words, .target_words = target_words, .cells = 16});
}

/// `count` sources of 1 to 9 words.
Sentences sources_of(uint64_t seed, int64_t count) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back(1 + (i * i + static_cast<int64_t>(seed)) % 9);
  return random_ids(seed, lengths, source_words);
}

/// Float32 sums of another order; what the design promises of scores.
double tolerance(double score) { return 1e-5 * std::max(1.0, std::abs(score)); }

std::vector<std::vector<Hypothesis>> search_all(const ModelPredictor& predictor, const Sentences& sources,
                                                const DecodeOptions& options) {
  std::vector<int64_t> keys;
  std::vector<decode::OutputLength> lengths;
  for (const auto& source : sources) {
    keys.push_back(std::ssize(source));
    lengths.push_back({.longest = decode::longest_output(options.max_length, std::ssize(source))});
  }
  return decode::search(predictor, data::pack(sources, keys), lengths, options);
}

void require_alike(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE(found[i].cut == expected[i].cut);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, tolerance(expected[i].score)));
  }
}

at::Tensor tensor(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

/// A batch of pairs: each hypothesis beside its source.
data::Batch pairs_of(const Sentences& sources, const Sentences& outputs) {
  const std::vector<int64_t> keys(sources.size(), 0);
  Sentences inputs, targets;
  for (const auto& output : outputs) {
    inputs.push_back(output);
    inputs.back().insert(inputs.back().begin(), text::start_id);
    targets.push_back(output);
    targets.back().push_back(text::end_id);
  }
  return {data::pack(sources, keys), data::pack(inputs, keys), data::pack(targets, keys)};
}

}  // namespace

TEST_CASE(
    "model predictor: a search finds the same for a sentence alone and in batches of 7 and 64, in any order, beside a "
    "much longer one",
    "[decode][predictor][batch]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  const auto beam = GENERATE(1, 4);
  CAPTURE(seed, beam);
  const auto model = model_of(seed);
  const ModelPredictor predictor(*model);
  const DecodeOptions options{.beam = beam, .n_best = beam, .max_length = {.ratio = 1, .plus = 5, .limit = 30}};
  const auto sources = sources_of(seed, 64);
  const Sentences seven(sources.begin(), sources.begin() + 7), reversed(sources.rbegin(), sources.rend());
  const Sentences beside_long{sources[0], {4}, std::vector<int64_t>(300, 5), sources[1]};

  const auto of_64 = search_all(predictor, sources, options);
  const auto of_7 = search_all(predictor, seven, options);
  const auto of_reversed = search_all(predictor, reversed, options);
  const auto of_long = search_all(predictor, beside_long, options);

  for (size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(i);
    const auto alone = search_all(predictor, {sources[i]}, options).at(0);
    require_alike(of_64[i], alone);
    require_alike(of_reversed[sources.size() - 1 - i], alone);
    if (i < 7) require_alike(of_7[i], alone);
    if (i < 2) require_alike(of_long[i == 0 ? 0 : 3], alone);
  }
}

TEST_CASE("model predictor: score() gives a hypothesis the score that the search gave it, token by token",
          "[decode][predictor][score]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  CAPTURE(seed);
  const auto model = model_of(seed);
  const ModelPredictor predictor(*model);
  const auto sources = sources_of(seed, 20);
  const auto outputs = search_all(predictor, sources, {.beam = 5, .n_best = 5, .max_length = {.ratio = 1, .plus = 5}});

  Sentences pair_sources, pair_outputs;
  std::vector<Hypothesis> hypotheses;
  for (size_t i = 0; i < sources.size(); ++i) {
    for (const auto& hypothesis : outputs[i]) {
      pair_sources.push_back(sources[i]);
      pair_outputs.push_back(hypothesis.ids);
      hypotheses.push_back(hypothesis);
    }
  }
  const auto scores = decode::score(predictor, pairs_of(pair_sources, pair_outputs));

  REQUIRE(scores.size() == hypotheses.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    CAPTURE(i, hypotheses[i].cut);
    REQUIRE(scores[i].token_scores.size() == hypotheses[i].ids.size() + 1);
    double cut_off = hypotheses[i].cut ? scores[i].token_scores.back() : 0;
    REQUIRE_THAT(hypotheses[i].score, WithinAbs(scores[i].score - cut_off, tolerance(scores[i].score)));
    for (size_t j = 0; j < hypotheses[i].token_scores.size(); ++j) {
      const double expected = scores[i].token_scores[j];
      REQUIRE_THAT(hypotheses[i].token_scores[j], WithinAbs(expected, tolerance(expected)));
    }
  }
}

TEST_CASE("model predictor: outputs hold neither special symbols nor the unknown word", "[decode][predictor]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  CAPTURE(seed);
  const auto model = model_of(seed);
  const DecodeOptions options{.beam = 30, .n_best = 30, .max_length = {.ratio = 0, .plus = 4}};
  for (const auto& outputs : search_all(ModelPredictor(*model), sources_of(seed, 10), options)) {
    for (const auto& hypothesis : outputs) {
      for (const int64_t id : hypothesis.ids) REQUIRE(id >= text::special_count);
    }
  }
}

TEST_CASE(
    "model predictor: asked for more words than there are, gives all but the start symbol and, unless it is "
    "allowed, the unknown word",
    "[decode][predictor]") {
  const bool unknown = GENERATE(false, true);
  CAPTURE(unknown);
  const auto model = model_of(3);
  const ModelPredictor predictor(*model, unknown);
  const auto state = predictor.start(data::pack({{4, 5}, {6}}, {0, 1}));
  const auto best = predictor.extend(*state, tensor({0, 1}), tensor({text::start_id, text::start_id}), 1000);

  std::vector<int64_t> expected;
  for (int64_t id = unknown ? text::unknown_id : text::end_id; id < target_words; ++id) {
    if (id != text::start_id) expected.push_back(id);
  }
  for (int64_t row = 0; row < 2; ++row) {
    REQUIRE(std::get<0>(best.ids[row].sort()).equal(tensor(expected)));
    REQUIRE(best.scores[row].exp().sum().item<double>() < 1);  // what the banned ones have is given to no other
  }
}

TEST_CASE("model predictor: hypotheses kept, doubled and left out go on as if each were alone", "[decode][predictor]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  CAPTURE(seed);
  const auto model = model_of(seed);
  const ModelPredictor predictor(*model);
  const Sentences sources{{4, 5, 6}, {7}, {8, 9, 10, 11, 12}};
  const auto state = predictor.start(data::pack(sources, {0, 1, 2}));
  predictor.extend(*state, tensor({0, 1, 2}), tensor({1, 1, 1}), 3);
  const auto mixed = predictor.extend(*state, tensor({2, 0, 2}), tensor({5, 6, 7}), 10);

  const std::vector<std::pair<size_t, int64_t>> rows{{2, 5}, {0, 6}, {2, 7}};
  for (size_t row = 0; row < rows.size(); ++row) {
    CAPTURE(row);
    const auto alone = predictor.start(data::pack({sources[rows[row].first]}, {0}));
    predictor.extend(*alone, tensor({0}), tensor({1}), 3);
    const auto expected = predictor.extend(*alone, tensor({0}), tensor({rows[row].second}), 10);
    const auto index = static_cast<int64_t>(row);
    REQUIRE(mixed.ids[index].equal(expected.ids[0]));
    REQUIRE((mixed.scores[index] - expected.scores[0]).abs().max().item<double>() < 1e-5);
  }
}

}  // namespace seq2seq::test
