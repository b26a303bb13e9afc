#include "seq2seq/decode/predictor.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/decode/ensemble.h"
#include "seq2seq/decode/fused_predictor.h"
#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/text/vocabulary.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

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

/// Returns `count` sources of 1 to 9 words.
Sentences sources_of(uint64_t seed, int64_t count) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back(1 + (i * i + static_cast<int64_t>(seed)) % 9);
  return random_ids(seed, lengths, source_words);
}

/// Float32 sums in another order; the tolerance that the design promises for scores.
double tolerance(double score) { return 1e-5 * std::max(1.0, std::abs(score)); }

std::vector<std::vector<Hypothesis>> search_sources(const ModelPredictor& predictor, const Sentences& sources,
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

/// Makes a batch of pairs: each hypothesis with its source.
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

  const auto of_64 = search_sources(predictor, sources, options);
  const auto of_7 = search_sources(predictor, seven, options);
  const auto of_reversed = search_sources(predictor, reversed, options);
  const auto of_long = search_sources(predictor, beside_long, options);

  for (size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(i);
    const auto alone = search_sources(predictor, {sources[i]}, options).at(0);
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
  const auto outputs =
      search_sources(predictor, sources, {.beam = 5, .n_best = 5, .max_length = {.ratio = 1, .plus = 5}});

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
  for (const auto& outputs : search_sources(ModelPredictor(*model), sources_of(seed, 10), options)) {
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
  predictor.read(*state, tensor({0, 1}), tensor({text::start_id, text::start_id}));
  const auto best = predictor.best(*state, 1000, {});

  std::vector<int64_t> expected;
  for (int64_t id = unknown ? text::unknown_id : text::end_id; id < target_words; ++id) {
    if (id != text::start_id) expected.push_back(id);
  }
  for (int64_t row = 0; row < 2; ++row) {
    REQUIRE(std::get<0>(best.ids[row].sort()).equal(tensor(expected)));
    REQUIRE(best.scores[row].exp().sum().item<double>() < 1);  // other words do not get the probability of banned ones
  }
}

TEST_CASE("models: a search gives every hypothesis the score that scoring gives it", "[decode][predictor][score]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const auto beam = GENERATE(1, 4);
  CAPTURE(name, beam);
  const auto model = random_variant(name, 7, 0, at::kFloat);
  const ModelPredictor predictor(*model);
  const auto sources = random_ids(3, {4, 1, 6}, 9);
  const auto outputs =
      search_sources(predictor, sources, {.beam = beam, .n_best = beam, .max_length = {.ratio = 1, .plus = 5}});
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto alone =
        search_sources(predictor, {sources[i]}, {.beam = beam, .n_best = beam, .max_length = {.ratio = 1, .plus = 5}});
    require_alike(outputs[i], alone[0]);
    for (const auto& hypothesis : outputs[i]) {
      if (hypothesis.cut) continue;
      const auto scored = decode::score(predictor, pairs_of({sources[i]}, {hypothesis.ids})).at(0);
      REQUIRE_THAT(scored.score, WithinAbs(hypothesis.score, tolerance(hypothesis.score)));
    }
  }
}

namespace {

/// The state of a predictor after one source and some words, in a batch of one.
struct Alone {
  Alone(const ModelPredictor& predictor, const std::vector<int64_t>& source, const std::vector<int64_t>& words)
      : state(predictor.start(data::pack({source}, {0}))) {
    for (const int64_t word : words) predictor.read(*state, tensor({0}), tensor({word}));
  }
  std::unique_ptr<decode::PredictorState> state;
};

void require_row(const nn::TopK& found, int64_t row, const nn::TopK& expected) {
  CAPTURE(row);
  REQUIRE(found.ids[row].equal(expected.ids[0]));
  REQUIRE((found.scores[row] - expected.scores[0]).abs().max().item<double>() < 1e-5);
}

const Sentences three_sources{{4, 5, 6}, {7}, {8, 9, 10, 11, 12}};

}  // namespace

TEST_CASE("model predictor: hypotheses kept, doubled and left out go on as if each were alone", "[decode][predictor]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  CAPTURE(seed);
  const auto model = model_of(seed);
  const ModelPredictor predictor(*model);
  const auto state = predictor.start(data::pack(three_sources, {0, 1, 2}));
  predictor.read(*state, tensor({0, 1, 2}), tensor({1, 1, 1}));
  predictor.read(*state, tensor({2, 0, 2}), tensor({5, 6, 7}));
  const auto mixed = predictor.best(*state, 10, {});

  const std::vector<std::pair<size_t, int64_t>> rows{{2, 5}, {0, 6}, {2, 7}};
  for (size_t row = 0; row < rows.size(); ++row) {
    const Alone alone(predictor, three_sources[rows[row].first], {1, rows[row].second});
    require_row(mixed, static_cast<int64_t>(row), predictor.best(*alone.state, 10, {}));
  }
}

TEST_CASE("model predictor: sources appended to a search go on as if each were alone", "[decode][predictor][batch]") {
  const auto seed = GENERATE(range<uint64_t>(1, 5));
  CAPTURE(seed);
  const auto model = model_of(seed);
  const ModelPredictor predictor(*model);
  const auto state = predictor.start(data::pack({three_sources[0], three_sources[2]}, {0, 1}));
  const auto later = predictor.start(data::pack({three_sources[1]}, {2}));
  predictor.read(*state, tensor({0, 1}), tensor({1, 1}));
  predictor.read(*later, tensor({0}), tensor({1}));
  predictor.append(*state, *later);
  const std::vector<size_t> order{0, 2, 1};
  const auto joined = predictor.best(*state, 10, {});
  for (size_t row = 0; row < order.size(); ++row) {
    const Alone alone(predictor, three_sources[order[row]], {1});
    require_row(joined, static_cast<int64_t>(row), predictor.best(*alone.state, 10, {}));
  }
  predictor.read(*state, tensor({2, 0, 1}), tensor({6, 7, 5}));
  const auto after = predictor.best(*state, 10, {});
  const std::vector<std::pair<size_t, int64_t>> rows{{1, 6}, {0, 7}, {2, 5}};
  for (size_t row = 0; row < rows.size(); ++row) {
    const Alone alone(predictor, three_sources[rows[row].first], {1, rows[row].second});
    require_row(after, static_cast<int64_t>(row), predictor.best(*alone.state, 10, {}));
  }
}

TEST_CASE("model predictor: bans hold in their own rows, and the best words are the best of all others",
          "[decode][predictor]") {
  const auto model = model_of(4);
  const ModelPredictor predictor(*model);
  const auto state = predictor.start(data::pack(three_sources, {0, 1, 2}));
  predictor.read(*state, tensor({0, 1, 2}), tensor({1, 1, 1}));
  const auto all = predictor.log_probabilities(*state, 0, 3);  // [3, V]
  REQUIRE(at::allclose(all.exp().sum(1), at::ones({3}, at::kDouble), 0, 1e-6));
  const nn::Bans bans{.words = tensor({4}), .rows = tensor({0, 2, 2}), .row_words = tensor({5, 6, 7})};
  const auto best = predictor.best(*state, 4, bans);
  const std::vector<std::vector<int64_t>> closed{{4, 5}, {4}, {4, 6, 7}};
  for (int64_t row = 0; row < 3; ++row) {
    CAPTURE(row);
    auto open = all[row].clone();
    for (const int64_t word : closed[static_cast<size_t>(row)]) open[word] = -INFINITY;
    for (const int64_t word : {text::start_id, text::unknown_id}) open[word] = -INFINITY;
    const auto [scores, ids] = open.topk(4);
    CHECK(best.ids[row].equal(ids));
    CHECK(at::allclose(best.scores[row], scores, 0, 1e-6));
  }
}

TEST_CASE("predictor: chosen next words have the scores that they have among all words",
          "[decode][predictor][ensemble]") {
  const auto name = GENERATE(as<std::string>(), "rnn, output full", "rnn, output adaptive", "rnn, output copy",
                             "rnn, output copy extended", "transformer");
  const auto type = GENERATE(at::kFloat, at::kDouble);
  CAPTURE(name);
  const auto model = random_variant(name, 3, 0, type), other = random_variant(name, 4, 0, type);
  const auto language_model = random_variant("language model rnn, layer gru", 5, 0, type);
  const ModelPredictor one(*model), two(*other);
  const decode::EnsemblePredictor mean({{&one, 2}, {&two, 1}}, decode::EnsembleMean::probabilities);
  const decode::EnsemblePredictor log_mean({{&one, 1}, {&two, 3}}, decode::EnsembleMean::log_probabilities);
  const decode::FusedPredictor fused(std::make_unique<ModelPredictor>(*model),
                                     std::make_shared<ModelPredictor>(*language_model), 0.3);
  const auto sources = data::pack(random_ids(1, std::vector<int64_t>(70, 2), 8), numbers(70));  // none beyond the words
  for (const decode::Predictor* predictor : std::vector<const decode::Predictor*>{&one, &mean, &log_mean, &fused}) {
    const bool joint = predictor == &mean || predictor == &log_mean;
    const auto state = predictor->start(decode::Sources(std::vector<nn::Packed>(joint ? 2 : 1, sources)));
    predictor->read(*state, tensor(numbers(70)), at::full({70}, text::start_id, at::kLong));
    const auto rows = tensor({0, 0, 3, 63, 64, 64, 69}), words = tensor({2, 5, 7, 2, 4, 6, 3});
    const auto expected = predictor->log_probabilities(*state, 0, 70).index({rows, words});
    const auto found = predictor->next_scores(*state, rows, words);
    CHECK(found.scalar_type() == at::kDouble);
    const double rounding = type == at::kFloat ? 1e-5 : 1e-12;
    CHECK(at::allclose(found, expected, 0, rounding));
    CHECK(at::allclose(predictor->Predictor::next_scores(*state, rows, words), expected, 0, rounding));
    CHECK(predictor->next_scores(*state, tensor({}), tensor({})).numel() == 0);
  }
}

TEST_CASE("model predictor: several targets of one source have the scores they have one by one",
          "[decode][predictor][batch]") {
  const auto model = model_of(5);
  const ModelPredictor predictor(*model);
  const Sentences inputs{{1, 5}, {1, 6, 7}, {1}, {1, 9}}, targets{{5, 2}, {6, 7, 2}, {2}, {9, 2}};
  const std::vector<int64_t> owner{2, 0, 2, 1};
  const auto packed_targets = data::pack(targets, {0, 1, 2, 3});
  const auto together = predictor.score(data::pack(three_sources, {0, 1, 2}), data::pack(inputs, {0, 1, 2, 3}),
                                        packed_targets, tensor(owner));
  for (size_t target = 0; target < targets.size(); ++target) {
    CAPTURE(target);
    const auto& source = three_sources[static_cast<size_t>(owner[target])];
    const auto alone = predictor.score(data::pack({source}, {0}), data::pack({inputs[target]}, {0}),
                                       data::pack({targets[target]}, {0}), {});
    const auto mine = together.index({packed_targets.layout->owner == static_cast<int64_t>(target)});
    CHECK(at::allclose(mine, alone, 0, 1e-5));
  }
}

}  // namespace seq2seq::test
