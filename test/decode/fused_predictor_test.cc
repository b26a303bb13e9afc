#include "seq2seq/decode/fused_predictor.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::test {
namespace {

using decode::FusedPredictor;
using decode::Hypothesis;
using Ids = std::vector<int64_t>;

constexpr double sums_differ = 1e-12;  // only the order of sums differs

/// Scores of the next word after the words so far, by id.
using Next = std::function<std::vector<double>(const Ids& written)>;

/// Computes the scores of the next word by the definition: log p of the model + weight * log p of the language model.
Next summed(const TreePredictor& model, const TreePredictor& language_model, const Ids& source, double weight) {
  return [&model, &language_model, source, weight](const Ids& written) {
    auto scores = model.next(source, written);
    const auto added = language_model.next(source, written);
    for (size_t word = 0; word < scores.size(); ++word) scores[word] += weight * added[word];
    return scores;
  };
}

/// Returns every output of up to `longest` words, best first.
std::vector<Hypothesis> list(const Next& next, int64_t vocabulary, int64_t longest) {
  std::vector<Hypothesis> all;
  const std::function<void(const Hypothesis&)> extend = [&](const Hypothesis& begun) {
    const auto scores = next(begun.ids);
    Hypothesis ended = begun;
    ended.score += scores[text::end_id];
    ended.ranking_score = ended.score;
    all.push_back(ended);
    if (std::ssize(begun.ids) == longest) return;
    for (int64_t word = text::end_id + 1; word < vocabulary; ++word) {
      Hypothesis longer = begun;
      longer.ids.push_back(word);
      longer.score += scores[static_cast<size_t>(word)];
      extend(longer);
    }
  };
  extend({});
  std::ranges::sort(all, decode::better);
  return all;
}

std::vector<Hypothesis> search(const decode::Predictor& predictor, const Ids& source, int64_t beam, int64_t n_best,
                               int64_t longest) {
  decode::DecodeOptions options;
  options.beam = beam;
  options.n_best = n_best;
  return decode::search(predictor, data::pack({source}, {0}), {{.longest = longest}}, options).front();
}

}  // namespace

TEST_CASE("shallow fusion: with a beam as wide as the space, equals exhaustive search by the weighted sum",
          "[decode][search][fusion][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const auto [words, longest] = GENERATE(table<int64_t, int64_t>({{1, 6}, {3, 3}, {5, 2}}));
  const double weight = GENERATE(0.0, 0.2, 1.5);
  CAPTURE(seed, words, longest, weight);
  const TreePredictor model({.seed = seed, .words = words});
  const auto language_model =
      std::make_shared<TreePredictor>(TreePredictor::Options{.seed = seed + 100, .words = words, .sharpness = 3});
  const FusedPredictor fused(std::make_unique<TreePredictor>(TreePredictor::Options{.seed = seed, .words = words}),
                             language_model, weight);
  const auto expected = list(summed(model, *language_model, {5, 4}, weight), model.vocabulary(), longest);
  const auto space = std::ssize(expected) * (words + 1);
  const auto found = search(fused, {5, 4}, space, std::ssize(expected), longest);
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, sums_differ));
  }
  const auto exact = decode::search(fused, data::pack({{5, 4}}, {0}), {{.longest = longest}},
                                    {.beam = 1, .search = decode::SearchKind::exact});
  CHECK(exact.front().front().ids == expected.front().ids);
  CHECK(exact.front().front().proven);
}

TEST_CASE("shallow fusion: a coverage penalty reads the attention of the model", "[decode][search][fusion]") {
  const TreePredictor::Options of_model{.seed = 3, .words = 3};
  const TreePredictor model(of_model);
  const FusedPredictor fused(std::make_unique<TreePredictor>(of_model),
                             std::make_shared<TreePredictor>(TreePredictor::Options{.seed = 9, .words = 3}),
                             /*weight=*/0);
  for (const auto kind : {decode::SearchKind::beam, decode::SearchKind::exact}) {
    const decode::DecodeOptions options{.beam = 3, .n_best = 3, .coverage_penalty = 0.8, .search = kind};
    const auto sources = data::pack({{5, 4, 6}}, {0});
    const auto expected = decode::search(model, sources, {{.longest = 4}}, options).front();
    const auto found = decode::search(fused, sources, {{.longest = 4}}, options).front();
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].ids == expected[i].ids);
      CHECK_THAT(found[i].ranking_score, WithinAbs(expected[i].ranking_score, sums_differ));
    }
  }
}

TEST_CASE("shallow fusion: greedy search takes the best sum at each step", "[decode][search][fusion]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  CAPTURE(seed);
  const TreePredictor::Options of_model{.seed = seed, .words = 6, .sharpness = 3};
  const auto language_model =
      std::make_shared<TreePredictor>(TreePredictor::Options{.seed = seed + 100, .words = 6, .sharpness = 3});
  const FusedPredictor fused(std::make_unique<TreePredictor>(of_model), language_model, 0.7);
  const TreePredictor model(of_model);
  const auto next = summed(model, *language_model, {3, 4}, 0.7);
  Ids written;
  while (written.size() < 50) {
    const auto scores = next(written);
    const auto best = std::max_element(scores.begin() + text::end_id, scores.end()) - scores.begin();
    if (best == text::end_id) break;
    written.push_back(best);
  }
  CHECK(search(fused, {3, 4}, 1, 1, 50).front().ids == written);
}

TEST_CASE("shallow fusion: any model with any language model is searched by the scores that each gives by itself",
          "[decode][search][fusion][witness]") {
  const auto model_name =
      GENERATE(as<std::string>(), "rnn, attention general fed", "rnn, output adaptive", "transformer");
  const auto language_name =
      GENERATE(as<std::string>(), "language model rnn, layer gru", "language model transformer, positions learned");
  CAPTURE(model_name, language_name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(model_name, 3), language_model = random_variant(language_name, 4);
  const auto own = [](const nn::Model& of) { return std::make_shared<decode::ModelPredictor>(of); };
  const double weight = 0.4;
  const FusedPredictor fused(std::make_unique<decode::ModelPredictor>(*model), own(*language_model), weight);

  const Ids source{4, 7, 3};
  const auto score = [&source](const decode::Predictor& predictor, const Ids& ids) {
    Ids inputs{text::start_id}, targets = ids;
    inputs.insert(inputs.end(), ids.begin(), ids.end());
    targets.push_back(text::end_id);
    const auto read = data::pack({inputs}, {0});
    return predictor.score(data::pack({source}, {0}), read, read.with(data::pack({targets}, {0}).rows), {})
        .sum()
        .item<double>();
  };
  // All outputs of up to two of five words.
  std::vector<Hypothesis> expected;
  std::vector<Ids> outputs{{}};
  for (int64_t first = 3; first < 8; ++first) {
    outputs.push_back({first});
    for (int64_t second = 3; second < 8; ++second) outputs.push_back({first, second});
  }
  for (const auto& ids : outputs)
    expected.push_back({.ids = ids,
                        .token_scores = {},
                        .score = score(*own(*model), ids) + weight * score(*own(*language_model), ids)});
  for (auto& output : expected) output.ranking_score = output.score;
  std::ranges::sort(expected, decode::better);
  const auto found = search(fused, source, 200, std::ssize(expected), 2);
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, 1e-10));
  }
  // Scoring does not use the language model.
  CHECK(score(fused, outputs.back()) == score(*own(*model), outputs.back()));
}

TEST_CASE("shallow fusion: a source is searched alike alone and in a batch", "[decode][search][fusion][batch]") {
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant("rnn, attention general", 3);
  const auto language_model = random_variant("language model transformer", 4);
  const FusedPredictor fused(std::make_unique<decode::ModelPredictor>(*model),
                             std::make_shared<decode::ModelPredictor>(*language_model), 0.5);
  const auto sources = random_ids(1, {4, 1, 9, 4, 2, 7}, 9);
  decode::DecodeOptions options;
  options.beam = 4;
  const auto together = decode::search(fused, data::pack(sources, numbers(sources.size())),
                                       std::vector<decode::OutputLength>(sources.size(), {.longest = 8}), options);
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto alone = search(fused, sources[i], 4, 1, 8);
    CHECK(together[i].front().ids == alone.front().ids);
    CHECK_THAT(together[i].front().score, WithinAbs(alone.front().score, 1e-10));
  }
}

}  // namespace seq2seq::test
