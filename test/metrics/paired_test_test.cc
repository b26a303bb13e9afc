#include "seq2seq/metrics/paired_test.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

using namespace seq2seq::metrics;
using namespace seq2seq::test;

namespace {

std::vector<int64_t> all_of(const OutputTables& tables) {
  std::vector<int64_t> all(static_cast<std::size_t>(tables.first.sentences()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Makes two outputs of sentences of ten words with these numbers of errors.
OutputTables error_tables(const std::vector<int>& first, const std::vector<int>& second) {
  const auto* kind = find_metric("word_error_rate");
  const std::shared_ptr<const Metric> metric = kind->make({});
  OutputTables tables{kind, CountTable(metric), CountTable(metric)};
  for (const int errors : first) tables.first.add({static_cast<double>(errors), 10});
  for (const int errors : second) tables.second->add({static_cast<double>(errors), 10});
  return tables;
}

/// Returns the share of the ways to choose one of `choices` for each of `sentences` in which a condition holds.
double share_of_choices(std::size_t sentences, std::size_t choices,
                        const std::function<bool(const std::vector<std::size_t>&)>& holds) {
  std::vector<std::size_t> chosen(sentences);
  double held = 0, ways = 0;
  for (;;) {
    ++ways;
    held += holds(chosen) ? 1 : 0;
    std::size_t place = 0;
    while (place < sentences && ++chosen[place] == choices) chosen[place++] = 0;
    if (place == sentences) return held / ways;
  }
}

OutputTables tables_of(const std::string& name, const std::vector<std::string>& first,
                       const std::vector<std::string>& second, const std::vector<std::string>& references) {
  const auto* kind = find_metric(name);
  const std::shared_ptr<const Metric> metric =
      kind->make({.lowercase = false, .bleu_tokenizer = BleuTokenizer::mteval_13a});
  OutputTables tables{kind, CountTable(metric), CountTable(metric)};
  for (std::size_t i = 0; i < references.size(); ++i) {
    tables.first.add(metric->count(first[i], {references[i]}));
    tables.second->add(metric->count(second[i], {references[i]}));
  }
  return tables;
}

double half_width(const ResampledFigure& figure) { return (figure.interval.high - figure.interval.low) / 2; }

}  // namespace

TEST_CASE("paired test: the p-value of exchanges is that of all exchanges", "[metrics][paired_test]") {
  const std::vector<int> first{5, 4, 6, 3, 7, 5, 2, 6, 4, 5}, second{3, 4, 5, 3, 4, 6, 2, 3, 4, 3};
  const int difference = std::accumulate(second.begin(), second.end(), -std::accumulate(first.begin(), first.end(), 0));
  const double exact = share_of_choices(first.size(), 2, [&](const auto& exchanged) {
    int changed = 0;
    for (std::size_t i = 0; i < first.size(); ++i) changed += (exchanged[i] == 1 ? -1 : 1) * (second[i] - first[i]);
    return std::abs(changed) >= std::abs(difference);
  });
  const auto tables = error_tables(first, second);
  const auto test = paired_tests(std::span(&tables, 1), all_of(tables), {.samples = 20000, .seed = 3}).front();

  CHECK_THAT(test.difference.value, WithinAbs(difference / 100.0, 1e-12));
  CHECK(exact > 0.01);
  CHECK_THAT(test.randomization_p, WithinAbs(exact, 0.005));  // 20,000 exchanges give it to 0.0035 in 95 of 100 cases
  CHECK(std::tuple(test.first_wins, test.second_wins, test.equal) == std::tuple(1, 5, 4));
}

TEST_CASE("paired test: p-value, share and interval of the bootstrap are those of all sets", "[metrics][paired_test]") {
  const std::vector<int> first{5, 4, 9, 3, 7}, second{3, 5, 5, 3, 6};
  std::vector<int> gains(first.size());
  std::transform(second.begin(), second.end(), first.begin(), gains.begin(), std::minus<>());
  const double mean = std::accumulate(gains.begin(), gains.end(), 0.0);
  const auto sum = [&gains](const auto& chosen) {
    int total = 0;
    for (const auto place : chosen) total += gains[place];
    return total;
  };
  const auto share = [&](const auto& holds) {
    return share_of_choices(gains.size(), gains.size(), [&](const auto& chosen) { return holds(sum(chosen)); });
  };
  const auto tables = error_tables(first, second);
  const auto test = paired_tests(std::span(&tables, 1), all_of(tables), {.samples = 20000, .seed = 1}).front();

  const double exact_p = share([mean](int total) { return std::abs(total - mean) >= std::abs(mean) - 1e-9; });
  CHECK_THAT(test.bootstrap_p, WithinAbs(exact_p, 0.008));
  const double better = share([](int total) { return total < 0; }) + share([](int total) { return total == 0; }) / 2;
  CHECK_THAT(test.second_better, WithinAbs(better, 0.005));
  const auto& interval = test.difference.interval;
  CHECK_THAT(share([&](int total) { return total / 50.0 < interval.low - 1e-9; }), WithinAbs(0.02, 0.01));
  CHECK_THAT(share([&](int total) { return total / 50.0 > interval.high + 1e-9; }), WithinAbs(0.01, 0.016));
}

TEST_CASE("paired test: scores, p-values and intervals are sacreBLEU's", "[metrics][paired_test][witness][slow]") {
  std::mt19937_64 random(7);
  auto references = real_lines();
  std::shuffle(references.begin(), references.end(), random);
  references.resize(150);
  std::vector<std::string> first, second;
  for (const auto& line : references) {
    first.push_back(perturbed(line, random));
    second.push_back(random() % 12 == 0 ? perturbed(perturbed(line, random), random) : perturbed(line, random));
  }
  const TemporaryFolder folder;
  folder.file("first", joined(first));
  folder.file("second", joined(second));
  folder.file("references.0", joined(references));
  const auto output = run_witness("paired_tests.py", folder.path());
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  std::istringstream lines(*output);
  int compared = 0;
  std::string name;
  for (double a = 0, b = 0, p = 0, width_a = 0, width_b = 0; lines >> name >> a >> b >> p >> width_a >> width_b;
       ++compared) {
    CAPTURE(name);
    const auto tables = tables_of(name, first, second, references);
    const auto test = paired_tests(std::span(&tables, 1), all_of(tables), {.samples = 5000}).front();
    CHECK_THAT(test.first.value, WithinAbs(a, 1e-9));
    CHECK_THAT(test.second.value, WithinAbs(b, 1e-9));
    CHECK_THAT(test.randomization_p, WithinAbs(p, 0.03));  // both give it to 0.014 in 95 of 100 cases
    CHECK_THAT(half_width(test.first), WithinRel(width_a, 0.1));
    CHECK_THAT(half_width(test.second), WithinRel(width_b, 0.1));
  }
  CHECK(compared == 3);
}

TEST_CASE("paired test: an output is not told from itself, whatever the metric", "[metrics][paired_test][property]") {
  auto lines = real_lines();
  lines.resize(30);
  std::mt19937_64 random(2);
  std::vector<std::string> output;
  for (const auto& line : lines) output.push_back(perturbed(line, random));
  for (const auto& kind : metric_kinds()) {
    CAPTURE(kind.name);
    const auto tables = tables_of(std::string(kind.name), output, output, lines);
    const auto test = paired_tests(std::span(&tables, 1), all_of(tables), {.samples = 50}).front();
    CHECK(test.difference.value == 0);
    CHECK((test.bootstrap_p == 1 && test.randomization_p == 1 && test.second_better == 0.5));
    CHECK(test.equal == 30);
  }
}

TEST_CASE("paired test: the seed decides, and lower is better where it is", "[metrics][paired_test]") {
  const auto tables = error_tables({5, 4, 6, 3, 7, 5}, {4, 4, 5, 3, 6, 6});
  const auto test = [&tables](uint64_t seed) {
    return paired_tests(std::span(&tables, 1), all_of(tables), {.samples = 100, .seed = seed}).front();
  };
  CHECK(test(1).bootstrap_p == test(1).bootstrap_p);
  CHECK(test(1).second_better == test(1).second_better);
  CHECK(test(1).second_better != test(2).second_better);
  CHECK(test(1).difference.value < 0);
  CHECK(test(1).second_better > 0.5);
}
