#include "seq2seq/decode/ensemble.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <vector>

#include <ATen/ops/tensor.h>

#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::test {
namespace {

using decode::EnsembleMean;
using decode::EnsemblePredictor;
using decode::Hypothesis;
using decode::ModelPredictor;
using decode::Sources;
using Sentences = std::vector<std::vector<int64_t>>;

Sources packed(const std::vector<Sentences>& readings) {
  std::vector<nn::Packed> all;
  for (const auto& sentences : readings) all.push_back(data::pack(sentences, numbers(sentences.size())));
  return Sources(std::move(all));
}

/// Computes the mean of the probabilities of the members; weights sum to 1.
double joint(const std::vector<double>& scores, const std::vector<double>& weights, EnsembleMean mean) {
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i)
    sum += weights[i] * (mean == EnsembleMean::probabilities ? std::exp(scores[i]) : scores[i]);
  return mean == EnsembleMean::probabilities ? std::log(sum) : sum;
}

/// Returns every output of up to `longest` words of several made-up models with their own sources, best first.
std::vector<Hypothesis> list_joint_outputs(const std::deque<TreePredictor>& members, const Sentences& sources,
                                           const std::vector<double>& weights, EnsembleMean mean, int64_t longest) {
  std::vector<Hypothesis> all;
  Hypothesis written;
  const std::function<void()> extend = [&] {
    std::vector<std::vector<double>> next;
    for (size_t i = 0; i < members.size(); ++i) next.push_back(members[i].next(sources[i], written.ids));
    const auto score_of = [&](size_t word) {
      std::vector<double> scores;
      for (const auto& each : next) scores.push_back(each[word]);
      return joint(scores, weights, mean);
    };
    auto complete = written;
    complete.score += score_of(text::end_id);
    complete.ranking_score = complete.score;
    all.push_back(complete);
    if (std::ssize(written.ids) == longest) return;
    for (int64_t word = text::special_count; word < members.front().vocabulary(); ++word) {
      const double score = score_of(static_cast<size_t>(word));
      const auto before = written;
      written.ids.push_back(word);
      written.score += score;
      extend();
      written = before;
    }
  };
  extend();
  std::sort(all.begin(), all.end(), decode::better);
  return all;
}

}  // namespace

TEST_CASE("ensemble: a beam that holds everything finds the best of all outputs", "[decode][ensemble]") {
  const auto mean = GENERATE(EnsembleMean::probabilities, EnsembleMean::log_probabilities);
  const auto seed = GENERATE(range<uint64_t>(1, 6));
  CAPTURE(seed, mean);
  const std::vector<double> given{2, 1, 5}, weights{0.25, 0.125, 0.625};
  std::deque<TreePredictor> members;
  for (uint64_t i = 0; i < 3; ++i) members.emplace_back(TreePredictor::Options{.seed = 10 * seed + i, .words = 2});
  std::vector<decode::EnsembleMember> parts;
  for (size_t i = 0; i < 3; ++i) parts.push_back({.predictor = &members[i], .weight = given[i]});
  const EnsemblePredictor ensemble(parts, mean);
  const std::vector<Sentences> readings{{{4, 5}, {6}}, {{7}, {8, 9, 4}}, {{5, 5}, {4}}};
  const auto found =
      decode::search(ensemble, packed(readings), {{.longest = 4}, {.longest = 3}}, {.beam = 40, .n_best = 10});
  const auto exact = decode::search(ensemble, packed(readings), {{.longest = 4}, {.longest = 3}},
                                    {.beam = 1, .search = decode::SearchKind::exact});
  REQUIRE(found.size() == 2);
  for (size_t sentence = 0; sentence < 2; ++sentence) {
    const Sentences sources{readings[0][sentence], readings[1][sentence], readings[2][sentence]};
    const auto expected = list_joint_outputs(members, sources, weights, mean, sentence == 0 ? 4 : 3);
    REQUIRE(found[sentence].size() == 10);
    CHECK(exact[sentence].front().ids == expected.front().ids);
    CHECK(exact[sentence].front().proven);
    for (size_t i = 0; i < 10; ++i) {
      CAPTURE(sentence, i);
      REQUIRE(found[sentence][i].ids == expected[i].ids);
      REQUIRE_THAT(found[sentence][i].score, WithinAbs(expected[i].score, 1e-9));
    }
  }
}

namespace {

/// Three models of one target vocabulary and different sizes and source vocabularies.
struct ThreeModels {
  explicit ThreeModels(EnsembleMean mean, uint64_t seed = 3) {
    const std::vector<ModelShape> shapes{{.source_words = 20, .target_words = 12, .cells = 16},
                                         {.source_words = 9, .target_words = 12, .layers = 1, .cells = 5},
                                         {.source_words = 30, .target_words = 12, .embedding = 7, .cells = 11}};
    for (const auto& shape : shapes) models.push_back(random_model(seed++, shape));
    for (const auto& model : models) predictors.emplace_back(*model);
    std::vector<decode::EnsembleMember> parts;
    for (const auto& predictor : predictors) parts.push_back({.predictor = &predictor});
    ensemble = std::make_unique<EnsemblePredictor>(parts, mean);
  }
  std::vector<std::shared_ptr<nn::Model>> models;
  std::vector<ModelPredictor> predictors;
  std::unique_ptr<EnsemblePredictor> ensemble;
};

/// Returns `count` sentences for each of the three, of different words and lengths.
std::vector<Sentences> three_readings(int64_t count) {
  std::vector<int64_t> lengths, shorter;
  for (int64_t i = 0; i < count; ++i) {
    lengths.push_back(1 + (3 * i) % 7);
    shorter.push_back(1 + i % 4);
  }
  return {random_ids(1, lengths, 20), random_ids(2, shorter, 9), random_ids(3, lengths, 30)};
}

}  // namespace

TEST_CASE("ensemble: search gives outputs the score that scoring gives them", "[decode][ensemble]") {
  const auto mean = GENERATE(EnsembleMean::probabilities, EnsembleMean::log_probabilities);
  const ThreeModels three(mean);
  const auto readings = three_readings(20);  // with a beam of 5, 100 hypotheses: more than are joined at a time
  const std::vector<decode::OutputLength> lengths(20, {.longest = 8});
  const auto found = decode::search(*three.ensemble, packed(readings), lengths, {.beam = 5, .n_best = 3});
  for (size_t sentence = 0; sentence < found.size(); ++sentence) {
    for (const auto& hypothesis : found[sentence]) {
      if (hypothesis.cut) continue;
      auto input = hypothesis.ids, target = hypothesis.ids;
      input.insert(input.begin(), text::start_id);
      target.push_back(text::end_id);
      const auto scores =
          three.ensemble->score(packed({{readings[0][sentence]}, {readings[1][sentence]}, {readings[2][sentence]}}),
                                data::pack({input}, {0}), data::pack({target}, {0}), {});
      CAPTURE(sentence);
      REQUIRE_THAT(scores.sum().item<double>(), WithinAbs(hypothesis.score, 1e-5 * std::max(1.0, -hypothesis.score)));
    }
  }
}

TEST_CASE("ensemble: probabilities are the weighted mean of its members', for any rows of the search",
          "[decode][ensemble]") {
  const auto mean = GENERATE(EnsembleMean::probabilities, EnsembleMean::log_probabilities);
  const ThreeModels three(mean);
  const auto readings = three_readings(70);
  const auto state = three.ensemble->start(packed(readings));
  const auto all_rows = at::tensor(numbers(70)), start = at::full({70}, text::start_id, at::kLong);
  three.ensemble->read(*state, all_rows, start);
  at::Tensor expected = at::zeros({70, 12}, at::kDouble);
  for (size_t member = 0; member < 3; ++member) {
    const auto& predictor = three.predictors[member];
    const auto alone = predictor.start(data::pack(readings[member], numbers(70)));
    predictor.read(*alone, all_rows, start);
    const auto scores = predictor.log_probabilities(*alone, 0, 70);
    expected += (mean == EnsembleMean::probabilities ? scores.exp() : scores) / 3;
  }
  if (mean == EnsembleMean::probabilities) expected = expected.log();
  REQUIRE(at::allclose(three.ensemble->log_probabilities(*state, 0, 70), expected, 0, 1e-6));
  REQUIRE(at::allclose(three.ensemble->log_probabilities(*state, 66, 3), expected.narrow(0, 66, 3), 0, 1e-6));

  const nn::Bans bans{.words = at::tensor({int64_t{4}}),
                      .rows = at::tensor({int64_t{0}, int64_t{65}, int64_t{65}}),
                      .row_words = at::tensor({int64_t{5}, int64_t{6}, int64_t{7}})};
  for (const int64_t word : {int64_t{text::start_id}, int64_t{text::unknown_id}, int64_t{4}})
    expected.select(1, word).fill_(-INFINITY);
  expected[0][5] = expected[65][6] = expected[65][7] = -INFINITY;
  const auto [scores, ids] = expected.topk(4, 1);
  const auto best = three.ensemble->best(*state, 4, bans);
  REQUIRE(best.ids.equal(ids));
  REQUIRE(at::allclose(best.scores, scores, 0, 1e-6));
}

TEST_CASE("ensemble: one model writes what it writes alone, and copies of it too", "[decode][ensemble]") {
  const auto mean = GENERATE(EnsembleMean::probabilities, EnsembleMean::log_probabilities);
  const auto copies = GENERATE(size_t{1}, size_t{4});
  const ThreeModels three(mean);
  const auto& model = three.predictors.front();
  const EnsemblePredictor ensemble(std::vector<decode::EnsembleMember>(copies, {.predictor = &model}), mean);
  const auto sentences = three_readings(12).front();
  const std::vector<decode::OutputLength> lengths(12, {.longest = 9});
  const decode::DecodeOptions options{.beam = 4, .n_best = 4};
  const auto expected = decode::search(model, packed({sentences}), lengths, options);
  const auto found = decode::search(ensemble, packed(std::vector<Sentences>(copies, sentences)), lengths, options);
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].size() == expected[i].size());
    for (size_t j = 0; j < found[i].size(); ++j) {
      REQUIRE(found[i][j].ids == expected[i][j].ids);
      REQUIRE_THAT(found[i][j].score, WithinAbs(expected[i][j].score, 1e-5));
    }
  }
}

TEST_CASE("ensemble: sources appended to a search go on as if each were alone", "[decode][ensemble][batch]") {
  const ThreeModels three(EnsembleMean::probabilities);
  const auto readings = three_readings(3);
  const auto part = [&](std::vector<size_t> chosen) {
    std::vector<Sentences> all(3);
    for (size_t member = 0; member < 3; ++member)
      for (const size_t sentence : chosen) all[member].push_back(readings[member][sentence]);
    return packed(all);
  };
  const auto begin = [&](const std::vector<size_t>& chosen) {
    auto state = three.ensemble->start(part(chosen));
    const auto count = std::ssize(chosen);
    three.ensemble->read(*state, at::arange(count), at::full({count}, text::start_id, at::kLong));
    return state;
  };
  const auto joined = begin({0, 2});
  three.ensemble->append(*joined, *begin({1}));
  const auto all = three.ensemble->best(*joined, 5, {});
  const std::vector<size_t> order{0, 2, 1};
  for (size_t row = 0; row < order.size(); ++row) {
    const auto alone = three.ensemble->best(*begin({order[row]}), 5, {});
    REQUIRE(all.ids[static_cast<int64_t>(row)].equal(alone.ids[0]));
    REQUIRE(at::allclose(all.scores[static_cast<int64_t>(row)], alone.scores[0], 0, 1e-5));
  }
}

}  // namespace seq2seq::test
