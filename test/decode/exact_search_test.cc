#include "seq2seq/decode/exact_search.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/decode/plain_search.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::test {
namespace {

using decode::DecodeOptions;
using decode::Hypothesis;
using Kind = decode::LengthNormalization::Kind;

constexpr double exact_rounding = 1e-12;  // only the order of sums differs

std::vector<Hypothesis> search_exactly(const decode::Predictor& predictor, const std::vector<int64_t>& source,
                                       const DecodeOptions& options, const decode::OutputLength& length) {
  return decode::search(predictor, data::pack({source}, {0}), {length}, options).front();
}

/// Returns all outputs that the rules allow, best first.
std::vector<Hypothesis> listed_by_rank(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                       const decode::LengthNormalization& normalization,
                                       const decode::OutputLength& length) {
  auto outputs = list_outputs(predictor, source, length.longest);
  std::erase_if(outputs, [&](const Hypothesis& output) { return std::ssize(output.ids) < length.shortest; });
  for (auto& output : outputs) output.ranking_score = output.score / normalization.divisor(std::ssize(output.ids) + 1);
  std::ranges::sort(outputs, decode::better);
  return outputs;
}

void require_first(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected, size_t count) {
  REQUIRE(found.size() == count);
  for (size_t i = 0; i < count; ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, exact_rounding));
    REQUIRE_THAT(found[i].ranking_score, WithinAbs(expected[i].ranking_score, exact_rounding));
    REQUIRE_FALSE(found[i].cut);
  }
}

}  // namespace

TEST_CASE("exact search: whatever the beam, it finds the best of all outputs", "[decode][exact][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 13));
  const auto kind = GENERATE(Kind::none, Kind::average, Kind::gnmt);
  const auto length = GENERATE(decode::OutputLength{0, 5}, decode::OutputLength{2, 4}, decode::OutputLength{3, 3},
                               decode::OutputLength{0, 0});
  const double end_logit = GENERATE(-2.0, 1.0);
  CAPTURE(seed, static_cast<int>(kind), length.shortest, length.longest, end_logit);
  const TreePredictor predictor({.seed = seed, .words = 3, .sharpness = 3, .end_logit = end_logit});
  DecodeOptions options{.search = decode::SearchKind::exact};
  options.length_normalization.kind = kind;
  const auto expected = listed_by_rank(predictor, {5, 4}, options.length_normalization, length);
  for (const int64_t beam : {1, 3}) {
    options.beam = beam;
    options.n_best = std::min(beam, std::ssize(expected));
    const auto found = search_exactly(predictor, {5, 4}, options, length);
    require_first(found, expected, static_cast<size_t>(options.n_best));
    CHECK(found.front().proven);
    auto beam_options = options;
    beam_options.search = decode::SearchKind::beam;
    const auto by_beam = search_exactly(predictor, {5, 4}, beam_options, length).front();
    CHECK(found.front().missed == (by_beam.cut || by_beam.ids != expected.front().ids));
  }
}

TEST_CASE("exact search: outputs without a repeated n-gram are the only ones", "[decode][exact]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const TreePredictor predictor({.seed = seed, .words = 2, .end_logit = -3});
  auto expected = list_outputs(predictor, {3}, 5);
  std::erase_if(expected, [](const Hypothesis& output) {
    std::set<std::vector<int64_t>> pairs;
    for (size_t i = 1; i < output.ids.size(); ++i)
      if (!pairs.insert({output.ids[i - 1], output.ids[i]}).second) return true;
    return false;
  });
  const DecodeOptions options{.beam = 2, .no_repeat_ngram = 2, .search = decode::SearchKind::exact};
  require_first(search_exactly(predictor, {3}, options, {.longest = 5}), expected, 1);
}

TEST_CASE("exact search: one that is stopped returns the best so far and calls nothing proven", "[decode][exact]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  CAPTURE(seed);
  const TreePredictor predictor({.seed = seed, .words = 8, .sharpness = 0.5, .end_logit = -6});
  DecodeOptions options{.beam = 2};
  const auto by_beam = search_exactly(predictor, {3}, options, {.longest = 7}).front();
  const auto by_beam_extended = predictor.extended();
  options.search = decode::SearchKind::exact;
  for (const int64_t nodes : {1, 50}) {
    options.exact_nodes = nodes;
    const auto before = predictor.extended();
    const auto found = search_exactly(predictor, {3}, options, {.longest = 7}).front();
    CHECK_FALSE(found.proven);
    CHECK_FALSE(found.missed);
    CHECK((by_beam.cut || found.ranking_score >= by_beam.ranking_score));
    CHECK(predictor.extended() - before - by_beam_extended <= nodes);
  }
}

TEST_CASE("exact search: extends no beginning that is already worse than the best output", "[decode][exact]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  CAPTURE(seed);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 3});
  DecodeOptions options{.beam = 4};
  search_exactly(predictor, {3}, options, {.longest = 6});
  const auto by_beam = predictor.extended();
  options.search = decode::SearchKind::exact;
  search_exactly(predictor, {3}, options, {.longest = 6});
  int64_t beginnings = 1;  // all outputs
  for (int64_t words = 1, count = 1; words <= 6; ++words) beginnings += count *= 4;
  CHECK(predictor.extended() - 2 * by_beam < beginnings / 4);
}

TEST_CASE("exact search: sources are searched alike alone and in a batch", "[decode][exact][batch]") {
  const TreePredictor predictor({.seed = 3, .words = 3, .sharpness = 3});
  const std::vector<std::vector<int64_t>> sources{{3}, {4, 4}, {5}, {3, 5}};
  const std::vector<decode::OutputLength> lengths{{2, 6}, {3, 3}, {0, 4}, {5, 5}};
  const DecodeOptions options{.beam = 2, .n_best = 2, .search = decode::SearchKind::exact};
  const auto together = decode::search(predictor, data::pack(sources, {0, 1, 2, 3}), lengths, options);
  for (size_t i = 0; i < sources.size(); ++i)
    require_first(together[i], search_exactly(predictor, sources[i], options, lengths[i]), 2);
}

TEST_CASE("exact search: of every kind of model, it finds what a beam as wide as the space finds",
          "[decode][exact][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const auto model = random_variant(name, 5);
  const decode::ModelPredictor predictor(*model);
  const auto sources = data::pack(random_ids(1, {4, 2}, 9), {0, 1});
  const std::vector<decode::OutputLength> lengths{{.longest = 3}, {.shortest = 1, .longest = 2}};
  const auto expected = decode::search(predictor, sources, lengths, {.beam = 800});
  const auto found = decode::search(predictor, sources, lengths, {.beam = 1, .search = decode::SearchKind::exact});
  for (size_t i = 0; i < lengths.size(); ++i) {
    CHECK(found[i].front().proven);
    CHECK(found[i].front().ids == expected[i].front().ids);
    CHECK_THAT(found[i].front().score, WithinAbs(expected[i].front().score, 1e-9));
  }
}

}  // namespace seq2seq::test
