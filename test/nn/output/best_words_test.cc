#include "seq2seq/nn/output/cpu/best_words.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "test/support/catch.h"

namespace seq2seq::nn::cpu {
namespace {

using namespace seq2seq::test;
using at::Tensor;

struct RankingSizes {
  int64_t rows, width, words;
};

/// Rows, weight and bias, with the results of the kernels and of the test itself.
struct Ranked {
  /// `exact`: multiples of 1/8. Their products have the same sum in any order and precision, and many are equal.
  Ranked(RankingSizes sizes, bool biased, bool exact) {
    torch::manual_seed(5);
    const auto make = [exact](at::IntArrayRef shape) {
      return exact ? at::randint(-8, 9, shape, at::kFloat) / 8 : at::randn(shape);
    };
    rows = make({sizes.rows, sizes.width});
    weight = make({sizes.words, sizes.width});
    if (biased) bias = make({sizes.words});
  }

  /// False if the kernels give up.
  bool run(int64_t k, Isa isa, bool normalizes = true) {
    const WordPanels panels(weight.const_data_ptr<float>(), bias.defined() ? bias.const_data_ptr<float>() : nullptr,
                            weight.size(0), weight.size(1), isa);
    scores = at::full({rows.size(0), k}, 77, at::kDouble);
    ids = at::full({rows.size(0), k}, -1, at::kLong);
    return best_words(panels, {.rows = rows.const_data_ptr<float>(),
                               .count = rows.size(0),
                               .k = k,
                               .banned = banned,
                               .normalizes = normalizes,
                               .scores = scores.mutable_data_ptr<double>(),
                               .ids = ids.mutable_data_ptr<int64_t>()});
  }

  double logit(int64_t row, int64_t word) const {
    double sum = bias.defined() ? bias[word].item<double>() : 0;
    const auto *x = rows.const_data_ptr<float>() + row * rows.size(1),
               *w = weight.const_data_ptr<float>() + word * rows.size(1);
    for (int64_t i = 0; i < rows.size(1); ++i) sum += static_cast<double>(x[i]) * w[i];
    return sum;
  }

  bool is_banned(int64_t row, int64_t word) const {
    if (std::ranges::find(banned.everywhere, word) != banned.everywhere.end()) return true;
    if (banned.offsets.empty()) return false;
    const auto first = banned.of_rows.begin() + banned.offsets[static_cast<size_t>(row)],
               last = banned.of_rows.begin() + banned.offsets[static_cast<size_t>(row) + 1];
    return std::find(first, last, word) != last;
  }

  /// Compares with a softmax in double, and with all words sorted by score.
  void check(int64_t k, bool normalizes = true) const {
    constexpr double none = -std::numeric_limits<double>::infinity();
    for (int64_t row = 0; row < rows.size(0); ++row) {
      std::vector<std::pair<double, int64_t>> words;
      double sum = 0;
      for (int64_t word = 0; word < weight.size(0); ++word) {
        const double z = logit(row, word);
        sum += std::exp(z);
        words.emplace_back(is_banned(row, word) ? none : z, word);
      }
      std::ranges::sort(words, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
      });
      for (int64_t i = 0; i < k; ++i) {
        CAPTURE(row, i);
        const auto [z, word] = words[static_cast<size_t>(i)];
        REQUIRE(ids[row][i].item<int64_t>() == word);
        const auto score = scores[row][i].item<double>();
        if (z == none) {
          REQUIRE(score == none);
        } else {
          REQUIRE_THAT(score, WithinAbs(normalizes ? z - std::log(sum) : z, 1e-5 + 1e-6 * std::abs(z)));
        }
      }
    }
  }

  Tensor rows, weight, bias;
  BannedWords banned;
  Tensor scores, ids;
};

/// Some words in every row, many more in the first row and one more in the last.
BannedWords some_banned(RankingSizes sizes) {
  BannedWords banned;
  if (sizes.words < 3) return banned;
  banned.everywhere = {0, sizes.words - 1};
  for (int64_t word = 1; word < sizes.words; ++word)
    if (word % 3 != 0) banned.of_rows.push_back(word);
  banned.offsets.assign(static_cast<size_t>(sizes.rows), std::ssize(banned.of_rows));
  banned.offsets.front() = 0;
  banned.of_rows.push_back(sizes.words / 2);
  banned.offsets.push_back(std::ssize(banned.of_rows));
  return banned;
}

TEST_CASE("best words: those of a softmax in double, equal ones in the order of ids, banned ones never",
          "[nn][kernels][output][search]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto sizes =
      GENERATE(RankingSizes{1, 1, 1}, RankingSizes{2, 5, 3}, RankingSizes{5, 3, 7}, RankingSizes{13, 17, 33},
               RankingSizes{25, 8, 517}, RankingSizes{3, 30, 1300}, RankingSizes{3, 2100, 70});
  const bool biased = GENERATE(true, false), bans = GENERATE(false, true), normalizes = biased || !bans;
  CAPTURE(name(isa), sizes.rows, sizes.width, sizes.words, biased, bans);
  Ranked ranked(sizes, biased, /*exact=*/true);
  if (bans) ranked.banned = some_banned(sizes);
  for (const int64_t wanted : {1, 2, 13, 100}) {
    const int64_t k = std::min(wanted, sizes.words);
    CAPTURE(k);
    REQUIRE(ranked.run(k, isa, normalizes));
    ranked.check(k, normalizes);
  }
}

TEST_CASE("best words: all words are equal, and those with the lowest ids are the best", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  Ranked ranked({14, 4, 400}, false, true);
  ranked.weight.fill_(1);
  ranked.banned.everywhere = {1, 300};
  REQUIRE(ranked.run(50, isa));
  ranked.check(50);
}

TEST_CASE("best words: the same bits on any number of threads", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  Ranked ranked({50, 40, 3000}, true, false);
  ranked.banned = some_banned({50, 40, 3000});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  REQUIRE(ranked.run(13, isa));
  const auto scores = ranked.scores, ids = ranked.ids;
  for (const int team : {2, 3, 8}) {
    at::set_num_threads(team);
    REQUIRE(ranked.run(13, isa));
    CHECK(ranked.scores.equal(scores));
    CHECK(ranked.ids.equal(ids));
  }
  at::set_num_threads(threads);
}

TEST_CASE("best words: a row has the same bits alone and among others", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  Ranked ranked({50, 40, 3000}, true, false);
  REQUIRE(ranked.run(5, isa));
  const auto rows = ranked.rows, scores = ranked.scores, ids = ranked.ids;
  for (const int64_t row : {0, 12, 47, 49}) {
    ranked.rows = rows.narrow(0, row, 1).contiguous();
    REQUIRE(ranked.run(5, isa));
    CHECK(ranked.scores[0].equal(scores[row]));
    CHECK(ranked.ids[0].equal(ids[row]));
  }
}

TEST_CASE("best words: impossible words come last, and NaN is not ranked", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  Ranked ranked({3, 4, 200}, true, true);
  ranked.rows = ranked.rows.abs() + 0.125;
  for (int64_t word = 0; word < 196; ++word) ranked.bias[word] = -INFINITY;
  REQUIRE(ranked.run(7, isa));
  ranked.check(7);
  const auto weight = ranked.weight.clone();
  for (const double broken : {std::nan(""), double{INFINITY}}) {
    ranked.weight = weight.clone();
    ranked.weight[199][1] = broken;
    CHECK_FALSE(ranked.run(7, isa));
    CHECK_FALSE(ranked.run(7, isa, /*normalizes=*/false));
  }
  ranked.weight = weight;
  ranked.bias.fill_(-INFINITY);
  CHECK_FALSE(ranked.run(7, isa));
}

/// Layers of different widths over the same words, and the rows of each.
struct MixedRanking {
  MixedRanking(int64_t count, int64_t words, const std::vector<int64_t>& widths) {
    torch::manual_seed(7);
    for (const int64_t width : widths) {
      rows.push_back(at::randn({count, width}));
      weights.push_back(at::randn({words, width}) / std::sqrt(width));  // otherwise float32 would round sums of 50
      biases.push_back(at::randn({words}));
      shares.push_back(static_cast<double>(1 + shares.size()) / 10);
    }
  }

  /// False if the kernels give up.
  bool run(int64_t k, Isa isa, bool probabilities) {
    const int64_t count = rows.front().size(0);
    std::vector<WordPanels> panels;
    panels.reserve(rows.size());
    std::vector<MixedRows> members;
    for (size_t i = 0; i < rows.size(); ++i) {
      panels.emplace_back(weights[i].const_data_ptr<float>(), biases[i].const_data_ptr<float>(), weights[i].size(0),
                          weights[i].size(1), isa);
      members.push_back({&panels.back(), rows[i].const_data_ptr<float>(), shares[i]});
    }
    scores = at::full({count, k}, 77, at::kDouble);
    ids = at::full({count, k}, -1, at::kLong);
    return best_mixed_words({.members = members,
                             .probabilities = probabilities,
                             .count = count,
                             .k = k,
                             .banned = banned,
                             .scores = scores.mutable_data_ptr<double>(),
                             .ids = ids.mutable_data_ptr<int64_t>()});
  }

  /// The scores of all words of a row, computed in double.
  std::vector<double> expected(int64_t row, bool probabilities) const {
    std::vector<double> sum(static_cast<size_t>(weights.front().size(0)), 0.0);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto z = weights[i].to(at::kDouble).matmul(rows[i][row].to(at::kDouble)) + biases[i].to(at::kDouble);
      const auto log_p = (z - z.logsumexp(0)).contiguous();
      for (size_t word = 0; word < sum.size(); ++word) {
        const double value = log_p.const_data_ptr<double>()[word];
        sum[word] += shares[i] * (probabilities ? std::exp(value) : value);
      }
    }
    for (auto& each : sum) each = probabilities ? std::log(each) : each;
    const auto ban = [&](int64_t word) { sum[static_cast<size_t>(word)] = -std::numeric_limits<double>::infinity(); };
    std::ranges::for_each(banned.everywhere, ban);
    if (!banned.offsets.empty())
      std::for_each(banned.of_rows.begin() + banned.offsets[static_cast<size_t>(row)],
                    banned.of_rows.begin() + banned.offsets[static_cast<size_t>(row) + 1], ban);
    return sum;
  }

  void check(int64_t k, bool probabilities) const {
    for (int64_t row = 0; row < rows.front().size(0); ++row) {
      auto all = expected(row, probabilities);
      for (int64_t i = 0; i < k; ++i) {
        CAPTURE(row, i);
        const auto best = std::ranges::max_element(all);
        const auto score = scores[row][i].item<double>();
        if (std::isfinite(*best)) {
          REQUIRE(ids[row][i].item<int64_t>() == best - all.begin());
          REQUIRE_THAT(score, WithinAbs(*best, 1e-5 + 1e-6 * std::abs(*best)));
        } else {
          REQUIRE(score == *best);
        }
        if (!std::isfinite(*best)) break;  // any impossible words may fill a row
        *best = -std::numeric_limits<double>::infinity();
      }
    }
  }

  std::vector<Tensor> rows, weights, biases;
  std::vector<double> shares;
  BannedWords banned;
  Tensor scores, ids;
};

TEST_CASE("best mixed words: those of the mixture in double, banned ones never", "[nn][kernels][output][search]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const bool probabilities = GENERATE(true, false), bans = GENERATE(false, true);
  const auto widths = GENERATE(std::vector<int64_t>{3}, std::vector<int64_t>{5, 2, 17}, std::vector<int64_t>{300, 8});
  const auto [count, words] = GENERATE(table<int64_t, int64_t>({{1, 1}, {3, 7}, {61, 33}, {13, 1300}, {121, 517}}));
  CAPTURE(name(isa), probabilities, bans, widths, count, words);
  MixedRanking mixed(count, words, widths);
  if (bans && words > 3) {
    mixed.banned.everywhere = {1, words - 1};
    mixed.banned.of_rows = {0, 2};  // of the last row
    mixed.banned.offsets.assign(static_cast<size_t>(count), 0);
    mixed.banned.offsets.push_back(2);
  }
  for (const int64_t wanted : {1, 5, 14}) {
    const int64_t k = std::min(wanted, words);
    CAPTURE(k);
    REQUIRE(mixed.run(k, isa, probabilities));
    mixed.check(k, probabilities);
  }
}

TEST_CASE("best mixed words: equal ones come in the order of ids", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const bool probabilities = GENERATE(true, false);
  MixedRanking mixed(2, 700, {4, 6});
  for (auto& weight : mixed.weights) weight.zero_();
  for (auto& bias : mixed.biases) bias.zero_();
  mixed.banned.everywhere = {2, 300};
  REQUIRE(mixed.run(4, isa, probabilities));
  for (int64_t row = 0; row < 2; ++row)
    CHECK(mixed.ids[row].equal(at::tensor({int64_t{0}, int64_t{1}, int64_t{3}, int64_t{4}})));
}

TEST_CASE("best mixed words: the same bits on any number of threads, and alone", "[nn][kernels][output][batch]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const bool probabilities = GENERATE(true, false);
  MixedRanking mixed(70, 3000, {40, 25});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  REQUIRE(mixed.run(13, isa, probabilities));
  const auto scores = mixed.scores, ids = mixed.ids;
  for (const int team : {2, 3, 8}) {
    at::set_num_threads(team);
    REQUIRE(mixed.run(13, isa, probabilities));
    CHECK(mixed.scores.equal(scores));
    CHECK(mixed.ids.equal(ids));
  }
  at::set_num_threads(threads);
  const auto rows = mixed.rows;
  for (const int64_t row : {0, 11, 60, 69}) {
    for (size_t i = 0; i < rows.size(); ++i) mixed.rows[i] = rows[i].narrow(0, row, 1).contiguous();
    REQUIRE(mixed.run(13, isa, probabilities));
    CHECK(mixed.scores[0].equal(scores[row]));
    CHECK(mixed.ids[0].equal(ids[row]));
  }
}

TEST_CASE("best mixed words: gives up where float32 does not do", "[nn][kernels][output]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  MixedRanking mixed(3, 40, {4, 4});
  const auto biases = mixed.biases;
  SECTION("a word among the best is too improbable for a sum of float32") {
    for (auto& bias : mixed.biases) (bias = bias.clone())[7] += 200;
    CHECK(mixed.run(1, isa, /*probabilities=*/true));
    CHECK_FALSE(mixed.run(2, isa, /*probabilities=*/true));
    CHECK(mixed.run(2, isa, /*probabilities=*/false));
    mixed.check(2, /*probabilities=*/false);
  }
  SECTION("a weight is not a number") {
    (mixed.biases[1] = biases[1].clone())[39] = std::nan("");
    CHECK_FALSE(mixed.run(2, isa, /*probabilities=*/true));
    CHECK_FALSE(mixed.run(2, isa, /*probabilities=*/false));
  }
}

}  // namespace
}  // namespace seq2seq::nn::cpu
