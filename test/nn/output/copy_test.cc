#include "seq2seq/nn/output/copy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <torch/utils.h>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

constexpr int64_t copy_row_width = 4, known_words = 7;

std::shared_ptr<OutputLayer> copying(const Placement& placement = {}, bool extended = false) {
  OutputContext context{.width = copy_row_width, .vocabulary = known_words};
  context.placement = placement;
  context.attends = true;
  const auto outputs = builtin_outputs();
  auto output = outputs.make(small(outputs, "copy", {{"extended_vocabulary", extended ? "true" : "false"}}), context);
  randomize(*output, 3, torch::kDouble);
  return output;
}

/// Rows with sources that repeat a word, have the unknown word and a word beyond the target vocabulary, and end early.
/// The weights of one row sum to less than 1.
Features three_rows() {
  torch::manual_seed(1);
  const auto weights =
      torch::tensor({{0.1, 0.2, 0.3, 0.4}, {0.5, 0.5, 0.0, 0.0}, {0.2, 0.1, 0.1, 0.0}}, torch::kDouble);
  const auto source =
      torch::tensor(std::vector<int64_t>{4, 5, 4, 2, 9, text::unknown_id, 0, 0, 6, 6, 6, 0}).view({3, 4});
  return {.rows = torch::randn({3, copy_row_width}, torch::kDouble), .attention = weights, .source = source};
}

/// Computes log p of every word by the equation.
std::vector<std::vector<double>> by_equation(const OutputLayer& output, const Features& given) {
  const torch::NoGradGuard no_gradient;
  const auto parameters = output.named_parameters();
  std::vector<std::vector<double>> all;
  for (int64_t row = 0; row < given.rows.size(0); ++row) {
    const auto r = given.rows[row];
    const double gate =
        r.dot(parameters["generate_weight"]).item<double>() + parameters["generate_bias"].item<double>();
    const double generate = 1 / (1 + std::exp(-gate));
    const auto generated = (parameters["weight"].mv(r) + parameters["bias"]).softmax(0);
    std::map<int64_t, double> copied;
    double sum = 0;
    for (int64_t i = 0; i < given.source.size(1); ++i) {
      const auto word = given.source[row][i].item<int64_t>();
      const double weight = given.attention[row][i].item<double>();
      copied[word < known_words ? word : text::unknown_id] += weight;
      sum += weight;
    }
    auto& log_p = all.emplace_back();
    for (int64_t word = 0; word < known_words; ++word)
      log_p.push_back(std::log(generate * generated[word].item<double>() + (1 - generate) * copied[word] / sum));
  }
  return all;
}

TEST_CASE("copying: every word has the probability of the pointer-generator's equation", "[nn][output]") {
  const auto output = copying();
  const auto given = three_rows();
  const auto expected = by_equation(*output, given);
  const auto all = output->log_probabilities(given);
  CHECK(torch::allclose(all.exp().sum(1), torch::ones({3}, torch::kDouble), 0, 1e-12));
  for (int64_t word = 0; word < known_words; ++word) {
    CAPTURE(word);
    const auto targets = torch::full({3}, word, torch::kLong);
    const auto score = output->score(given, targets), loss = output->loss(given, targets, {});
    const auto smoothed = output->loss(given, targets, {.label_smoothing = 0.2, .row_scale = {}});
    for (int64_t row = 0; row < 3; ++row) {
      const auto& of_row = expected[static_cast<size_t>(row)];
      const double log_p = of_row[static_cast<size_t>(word)];
      double mean = 0;
      for (const double one : of_row) mean += one / known_words;
      CHECK_THAT(all[row][word].item<double>(), WithinAbs(log_p, 1e-12));
      CHECK_THAT(score[row].item<double>(), WithinAbs(log_p, 1e-12));
      CHECK_THAT(loss[row].item<double>(), WithinAbs(-log_p, 1e-12));
      CHECK_THAT(smoothed[row].item<double>(), WithinAbs(-0.8 * log_p - 0.2 * mean, 1e-12));
    }
  }
}

TEST_CASE("copying: shards of the vocabulary give what one matrix gives", "[nn][output]") {
  const auto whole = copying(), split = copying(output_shards({3, 4}));
  const torch::NoGradGuard no_gradient;
  auto parts = split->named_parameters();
  const auto of_whole = whole->named_parameters();
  for (const auto* name : {"weight", "bias"}) {
    parts[std::string(name) + "[0:3]"].copy_(of_whole[name].narrow(0, 0, 3));
    parts[std::string(name) + "[3:7]"].copy_(of_whole[name].narrow(0, 3, 4));
  }
  for (const auto* name : {"generate_weight", "generate_bias"}) parts[name].copy_(of_whole[name]);
  const auto given = three_rows();
  const auto targets = torch::tensor({4, 0, 5}, torch::kLong);
  CHECK(torch::allclose(split->log_probabilities(given), whole->log_probabilities(given), 0, 1e-12));
  for (const double smoothing : {0.0, 0.1}) {
    const LossSpec spec{.label_smoothing = smoothing, .row_scale = {}};
    CHECK(torch::allclose(split->loss(given, targets, spec), whole->loss(given, targets, spec), 0, 1e-12));
  }
}

/// Rows that copy words beyond the vocabulary: one twice, two at once, none; a position of weight 0.
Features beyond_rows() {
  auto given = three_rows();
  given.source = torch::tensor(std::vector<int64_t>{9, 5, 9, 20, 11, 9, 0, 0, 6, 6, 6, 30}).view({3, 4});
  return given;
}

/// Computes p of any word by the equation of the pointer-generator with an extended vocabulary.
double probability_by_equation(const OutputLayer& output, const Features& given, int64_t row, int64_t word) {
  const torch::NoGradGuard no_gradient;
  const auto parameters = output.named_parameters();
  const auto r = given.rows[row];
  const double gate = r.dot(parameters["generate_weight"]).item<double>() + parameters["generate_bias"].item<double>();
  const double generate = 1 / (1 + std::exp(-gate));
  double copied = 0, sum = 0;
  for (int64_t i = 0; i < given.source.size(1); ++i) {
    const double weight = given.attention[row][i].item<double>();
    if (given.source[row][i].item<int64_t>() == word) copied += weight;
    sum += weight;
  }
  const double written =
      word < known_words ? (parameters["weight"].mv(r) + parameters["bias"]).softmax(0)[word].item<double>() : 0;
  return generate * written + (1 - generate) * copied / sum;
}

TEST_CASE("copying: with an extended vocabulary words beyond it have the probability of the equation", "[nn][output]") {
  const auto output = copying({}, /*extended=*/true);
  const auto given = beyond_rows();
  const auto all = output->log_probabilities(given);
  CHECK(torch::allclose(all.exp().sum(1), torch::ones({3}, torch::kDouble), 0, 1e-12));
  for (const int64_t word : {0, 5, 6, 9, 11, 20}) {
    CAPTURE(word);
    const auto targets = torch::full({3}, word, torch::kLong);
    const auto score = output->score(given, targets), loss = output->loss(given, targets, {});
    const auto smoothed = output->loss(given, targets, {.label_smoothing = 0.2, .row_scale = {}});
    for (int64_t row = 0; row < 3; ++row) {
      CAPTURE(row);
      const double log_p = std::log(probability_by_equation(*output, given, row, word));
      if (std::isinf(log_p)) {
        CHECK(all[row][word].item<double>() == log_p);
        CHECK(score[row].item<double>() == log_p);
        CHECK(std::isfinite(loss[row].item<double>()));
        continue;
      }
      double mean = 0;
      for (int64_t other = 0; other < known_words; ++other)
        mean += std::log(probability_by_equation(*output, given, row, other)) / known_words;
      CHECK_THAT(all[row][word].item<double>(), WithinAbs(log_p, 1e-12));
      CHECK_THAT(score[row].item<double>(), WithinAbs(log_p, 1e-12));
      CHECK_THAT(loss[row].item<double>(), WithinAbs(-log_p, 1e-12));
      CHECK_THAT(smoothed[row].item<double>(), WithinAbs(-0.8 * log_p - 0.2 * mean, 1e-12));
    }
  }
}

TEST_CASE("copying: the best words of an extended vocabulary are those of all, equal ones by their ids",
          "[nn][output]") {
  const auto output = copying({}, /*extended=*/true);
  auto given = beyond_rows();
  given.attention = torch::tensor({{0.1, 0.2, 0.3, 0.4}, {0.5, 0.5, 0.0, 0.0}, {0.2, 0.1, 0.1, 0.0}}, torch::kDouble);
  const Bans bans{.words = torch::tensor({5, 20}, torch::kLong),
                  .rows = torch::tensor({1, 2}, torch::kLong),
                  .row_words = torch::tensor({9, 6}, torch::kLong)};
  const bool with_bans = GENERATE(false, true);
  const int64_t k = GENERATE(1, 3, 9);
  CAPTURE(with_bans, k);
  const auto best = output->top_k(given, k, with_bans ? bans : Bans());
  for (int64_t row = 0; row < 3; ++row) {
    std::vector<std::pair<double, int64_t>> all;  // (-p, id), sorted
    for (int64_t word = 0; word < 40; ++word) {
      const bool closed = with_bans && (word == 5 || word == 20 || (row == 1 && word == 9) || (row == 2 && word == 6));
      const double p = closed ? 0 : probability_by_equation(*output, given, row, word);
      if (p > 0) all.emplace_back(-p, word);
    }
    std::ranges::sort(all);
    for (int64_t place = 0; place < k; ++place) {
      CAPTURE(row, place);
      const double score = best.scores[row][place].item<double>();
      if (place >= std::ssize(all)) {
        CHECK(std::isinf(score));
        continue;
      }
      const auto& [minus, word] = all[static_cast<size_t>(place)];
      CHECK_THAT(score, WithinAbs(std::log(-minus), 1e-12));
      // In the second row, two words beyond the vocabulary have the same weight.
      CHECK(best.ids[row][place].item<int64_t>() == word);
    }
  }
}

TEST_CASE("copying: the gradient of words beyond the vocabulary agrees with differences", "[nn][output][gradient]") {
  const auto output = copying({}, /*extended=*/true);
  auto given = beyond_rows();
  given.attention.requires_grad_();
  given.rows.requires_grad_();
  const auto targets = torch::tensor({9, 11, 6}, torch::kLong);
  const double smoothing = GENERATE(0.0, 0.1);
  const auto loss = [&] { return output->loss(given, targets, {.label_smoothing = smoothing, .row_scale = {}}).sum(); };
  loss().backward();
  const torch::NoGradGuard no_gradient;
  for (auto* values : {&given.attention, &given.rows}) {
    for (int64_t i = 0; i < values->numel(); ++i) {
      auto place = values->view(-1)[i];
      const double value = place.item<double>(), step = 1e-6;
      if (value == 0) continue;  // no weight is below 0
      place.fill_(value + step);
      const double above = loss().item<double>();
      place.fill_(value - step);
      const double below = loss().item<double>();
      place.fill_(value);
      CHECK_THAT(values->grad().view(-1)[i].item<double>(), WithinAbs((above - below) / (2 * step), 1e-8));
    }
  }
}

TEST_CASE("copying: a word that the output layer all but excludes has a finite loss and gradient", "[nn][output]") {
  const auto output = copying();
  auto given = three_rows();
  given.rows = (given.rows * 1e4).requires_grad_();
  output->loss(given, torch::tensor({3, 3, 3}, torch::kLong), {}).sum().backward();
  CHECK(given.rows.grad().isfinite().all().item<bool>());
}

TEST_CASE("copying: without attention weights it is refused with what to do", "[nn][output][error]") {
  CHECK_THROWS_WITH(builtin_outputs().make({.kind = "copy", .options = nullptr}, {.width = 4, .vocabulary = 7}),
                    ContainsSubstring("differentiable weights") && ContainsSubstring("model.output.kind: full"));
}

}  // namespace
}  // namespace seq2seq::nn
