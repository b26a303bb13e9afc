#include "seq2seq/nn/output/cpu/best_words.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
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

/// Rows, weight and bias, and what the kernels and the test itself make of them.
struct Ranked {
  /// `exact`: eighths, whose products sum to the same number in any order and precision, and of which many are equal.
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

  /// Compares with a softmax in double, and with all words in order of their scores.
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

/// Some words in every row; beside them many in the first row and one in the last.
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

}  // namespace
}  // namespace seq2seq::nn::cpu
