#include "seq2seq/metrics/comparison.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/student.h"
#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

using namespace seq2seq::metrics;
using namespace seq2seq::test;

namespace {

using Scores = std::vector<double>;  // of the sentences

/// Makes runs with given figures; their sentences do not matter.
std::vector<RunFigures> certain(const std::vector<double>& figures) {
  std::vector<RunFigures> runs;
  for (const double figure : figures) runs.push_back({figure, Scores(100, figure)});
  return runs;
}

double mean_of(const Scores& scores, std::span<const int64_t> sentences) {
  double sum = 0;
  for (const int64_t sentence : sentences) sum += scores[static_cast<size_t>(sentence)];
  return sum / static_cast<double>(sentences.size());
}

/// A model in which a score is the sum of effects of the system, the run and the sentence, and noise.
struct World {
  double seeds = 1, sentences = 3, noise = 2;  // standard deviations
  int64_t tested = 40;
  int64_t sets = 60;
  std::mt19937_64 random{1};

  double normal(double deviation) { return deviation * std::normal_distribution<double>()(random); }

  /// Draws runs of systems of the given levels, all on the same sentences.
  std::vector<std::vector<RunFigures>> tried(const std::vector<double>& levels, int seeds_each) {
    Scores difficulty(static_cast<size_t>(tested));
    for (auto& sentence : difficulty) sentence = normal(sentences);
    const auto seed = random();
    std::vector<std::vector<RunFigures>> systems;
    for (const double level : levels) {
      auto& runs = systems.emplace_back();
      for (int i = 0; i < seeds_each; ++i) {
        const double luck = normal(seeds);
        Scores scores;
        for (const double sentence : difficulty) scores.push_back(level + luck + sentence + normal(noise));
        runs.push_back(
            {mean(scores), bootstrap(tested, sets, seed, [&](auto drawn) { return mean_of(scores, drawn); })});
      }
    }
    return systems;
  }
};

/// Returns the share of the tries in which a condition holds.
double share(int tries, const std::function<bool()>& so) {
  int times = 0;
  for (int i = 0; i < tries; ++i) times += so() ? 1 : 0;
  return static_cast<double>(times) / tries;
}

bool holds(const Estimate& estimate, double value) {
  const auto interval = estimate.interval();
  return interval->low <= value && value <= interval->high;
}

}  // namespace

TEST_CASE("comparison: without spread over sentences it is Welch's test", "[metrics][comparison]") {
  const Scores a{27.5, 27.8, 26.4, 28.1}, b{26.0, 25.1, 27.0};
  const double va = variance(a).value / 4, vb = variance(b).value / 3;
  const double freedom = (va + vb) * (va + vb) / (va * va / 3 + vb * vb / 2);
  const auto difference = estimate_difference(certain(a), certain(b), 1000, Pairing::none);

  CHECK_THAT(difference.value, WithinAbs(27.45 - 78.1 / 3, 1e-12));
  CHECK_THAT(difference.variance.value, WithinAbs(va + vb, 1e-12));
  CHECK_THAT(difference.variance.degrees_of_freedom, WithinAbs(freedom, 1e-9));
  CHECK_THAT(*difference.p_value(),
             WithinAbs(2 - 2 * student_cdf(difference.value / std::sqrt(va + vb), freedom), 1e-12));
}

TEST_CASE("comparison: seeds that belong together are compared one by one", "[metrics][comparison]") {
  const Scores a{10, 20, 30}, b{9, 18.5, 29.5};  // differences 1, 1.5, 0.5
  const auto difference = estimate_difference(certain(a), certain(b), 1000, Pairing::by_seed);

  CHECK_THAT(difference.value, WithinAbs(1, 1e-12));
  CHECK_THAT(difference.variance.value, WithinAbs(0.25 / 3, 1e-12));
  CHECK_THAT(difference.variance.degrees_of_freedom, WithinAbs(2, 1e-9));
  CHECK(*difference.p_value() < 0.08);
  CHECK(*estimate_difference(certain(a), certain(b), 1000, Pairing::none).p_value() > 0.9);
}

TEST_CASE("comparison: of a single seed nothing is said but the mean", "[metrics][comparison]") {
  const auto estimate = estimate_mean(certain({31.5}), 1000);
  CHECK(estimate.value == 31.5);
  CHECK_FALSE(estimate.interval());
  CHECK_FALSE(estimate.p_value());
  CHECK_FALSE(estimate.detectable());
}

TEST_CASE("comparison: an interval holds the true value as often as it says", "[metrics][comparison][slow]") {
  World world;
  constexpr int tries = 1500;  // so that the share is known to 0.6 %
  const int seeds = GENERATE(3, 5);
  const double held = share(tries, [&] { return holds(estimate_mean(world.tried({10}, seeds)[0], world.tested), 10); });
  CHECK_THAT(held, WithinAbs(0.95, 0.025));

  // A common alternative: only the spread of the sentences.
  const double naive = share(tries, [&] {
    const auto runs = world.tried({10}, seeds)[0];
    Scores means(runs[0].resampled.size());
    for (const auto& run : runs) {
      for (size_t i = 0; i < means.size(); ++i) means[i] += run.resampled[i] / seeds;
    }
    return holds({estimate_mean(runs, world.tested).value, {variance(means).value, 1e9}}, 10);
  });
  CHECK(naive < 0.9);
}

TEST_CASE("comparison: systems that are alike are told apart as seldom as it says", "[metrics][comparison][slow]") {
  World world;
  const double found = share(1500, [&] {
    const auto systems = world.tried({10, 10}, 4);
    return *estimate_difference(systems[0], systems[1], world.tested, Pairing::none).p_value() < 0.05;
  });
  CHECK_THAT(found, WithinAbs(0.05, 0.025));
}

TEST_CASE("comparison: the difference that could be shown is shown four times in five", "[metrics][comparison][slow]") {
  World world;
  const int seeds = GENERATE(3, 6);
  Scores told;  // of many such comparisons: the result of one depends on its seeds
  share(501, [&] {
    const auto systems = world.tried({10, 10}, seeds);
    told.push_back(*estimate_difference(systems[0], systems[1], world.tested, Pairing::none).detectable());
    return true;
  });
  std::nth_element(told.begin(), told.begin() + 250, told.end());
  const double level = told[250];
  const double found = share(1500, [&] {
    const auto systems = world.tried({10 + level, 10}, seeds);
    return *estimate_difference(systems[0], systems[1], world.tested, Pairing::none).p_value() < 0.05;
  });
  CHECK_THAT(found, WithinAbs(0.8, 0.05));
}

TEST_CASE("comparison: the bootstrap over sentences is sacreBLEU's", "[metrics][comparison][witness][slow]") {
  std::mt19937_64 random(5);
  auto references = real_lines();
  std::shuffle(references.begin(), references.end(), random);
  references.resize(200);
  std::vector<std::string> hypotheses;
  std::vector<BleuCounts> counts;
  for (const auto& line : references) {
    hypotheses.push_back(perturbed(line, random));
    counts.push_back(count_bleu(hypotheses.back(), {line}));
  }
  const TemporaryFolder folder;
  folder.file("hypotheses", joined(hypotheses));
  folder.file("references.0", joined(references));
  const auto output = run_witness("bleu_bootstrap.py", folder.path());
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  double center = 0, half = 0;
  std::istringstream(*output) >> center >> half;

  const auto scores = bootstrap(200, 2000, 1, [&](auto drawn) {
    BleuCounts sum;
    for (const int64_t sentence : drawn) sum += counts[static_cast<size_t>(sentence)];
    return bleu_of(sum, Smoothing::exponential).score;
  });
  const double deviation = std::sqrt(variance(scores).value);
  // Two samples of 2000: means to 0.1 of a deviation, widths to a tenth.
  CHECK_THAT(mean(scores), WithinAbs(center, 0.1 * deviation));
  CHECK_THAT(1.96 * deviation, WithinAbs(half, 0.1 * half));
}
