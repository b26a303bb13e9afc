#include "seq2seq/run/rescore/rescore.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <sstream>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/rescore/tune.h"
#include "seq2seq/run/score.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Makes lists in which BLEU grows with 2 f0 - f1, and a third feature is noise.
run::RankedLists lists_of_a_known_direction(uint64_t seed) {
  const RandomStream stream(seed, Purpose::sampling);
  run::RankedLists lists;
  for (uint32_t sentence = 0; sentence < 60; ++sentence) {
    auto& list = lists.emplace_back();
    for (uint32_t i = 0; i < 12; ++i) {
      const auto draw = [&](uint32_t what) { return 2 * stream.uniform(sentence * 100 + i, what) - 1; };
      run::Ranked each{.features = {draw(0), draw(1), draw(2)}, .bleu = {}};
      const double quality = 0.5 + (2 * each.features[0] - each.features[1]) / 7 + draw(3) / 20;
      each.bleu.hypothesis_tokens = each.bleu.reference_tokens = 20;
      for (size_t order = 0; order < 4; ++order) {
        each.bleu.ngrams[order] = 20 - static_cast<int64_t>(order);
        each.bleu.matches[order] = std::clamp<int64_t>(
            std::llround(quality * static_cast<double>(each.bleu.ngrams[order])), 0, each.bleu.ngrams[order]);
      }
      list.push_back(std::move(each));
    }
  }
  return lists;
}

/// Returns the highest BLEU of all directions on a fine grid over the sphere.
double best_of_grid(const run::RankedLists& lists) {
  constexpr int steps = 60;
  double best = 0;
  for (int i = 0; i <= steps; ++i) {
    for (int j = 0; j < 2 * steps; ++j) {
      const double polar = std::numbers::pi * i / steps, azimuth = std::numbers::pi * j / steps;
      best = std::max(best, run::bleu_of_best(lists, {std::sin(polar) * std::cos(azimuth),
                                                      std::sin(polar) * std::sin(azimuth), std::cos(polar)}));
    }
  }
  return best;
}

}  // namespace

TEST_CASE("tuning: weights reach what the best direction of a grid reaches", "[run][rescore]") {
  const auto seed = GENERATE(range<uint64_t>(1, 4));
  const auto lists = lists_of_a_known_direction(seed);
  const double start = run::bleu_of_best(lists, {1, 1, 1}), best = best_of_grid(lists);
  const auto weights = run::tune(lists, {1, 1, 1});
  CAPTURE(seed, start, best, weights);
  CHECK(run::bleu_of_best(lists, weights) > best - 0.02 * (best - start));
  CHECK_THAT(std::abs(weights[0]) + std::abs(weights[1]) + std::abs(weights[2]), WithinAbs(3, 1e-9));
  CHECK(run::tune(lists, {1, 1, 1}) == weights);
  const auto from_nothing = run::tune(lists, {0, 0, 0});
  CHECK_THAT(std::abs(from_nothing[0]) + std::abs(from_nothing[1]) + std::abs(from_nothing[2]), WithinAbs(1, 1e-9));
}

TEST_CASE("tuning: empty lists, and lists of one, leave the weights as they are", "[run][rescore]") {
  run::RankedLists lists = lists_of_a_known_direction(1);
  for (auto& list : lists) list.resize(1);
  lists.emplace_back();
  CHECK(run::tune(lists, {0.5, 0.25, 0}) == std::vector<double>{0.5, 0.25, 0});
}

namespace {

const std::string rescore_list =
    "0 ||| a b c a b ||| lm= -1 d= 0 2 ||| -4\n"
    "0 ||| b a c b a ||| lm= -2 d= 1 0 ||| -5\n"
    "2 ||| c a b c a ||| lm= -1 d= 0 0 ||| -1\n"
    "0 ||| b a c b ||| lm= -9 d= 0 0 ||| -30\n"
    "2 ||| c a b c c ||| lm= -3 d= 0 0 ||| -0.5\n";

/// A run and the texts of the list above.
struct RescoreToy {
  RescoreToy() : toy(turned) {
    toy.train("run", {"train.updates=40"});
    files = {.source = toy.folder().file("source", "a b\nb\nc\n"),
             .list = toy.folder().file("list", rescore_list),
             .references = {toy.folder().file("reference", "b a c b a\nb\nc a b c a b\n")}};
  }
  run::Rescored rescore(const run::RescoreOptions& options = {}) {
    out.str("");
    return run::rescore(toy.load("run"), files, out, options, toy.environment);
  }
  Toy toy;
  run::ListFiles files;
  std::ostringstream out;
};

}  // namespace

TEST_CASE("rescoring: a reference that is not text is to be corrected", "[run][rescore][error]") {
  RescoreToy toy;
  toy.files.references = {toy.toy.folder().file("reference", "b\nb\xFF\nc\n")};
  CHECK_THAT(message_of<Error>([&] { toy.rescore(); }),
             ContainsSubstring("reference:2:2: byte 0xFF") && Catch::EndsWith("Correct the line"));
}

TEST_CASE("rescoring: each sentence gets its best weighted sum, in the order of the source", "[run][rescore]") {
  RescoreToy toy;
  std::ostringstream scored;
  run::score_n_best(toy.toy.load("run"), toy.files.list, toy.files.source, scored, {}, toy.toy.environment);
  std::vector<double> score, total{-4, -5, -1, -30, -0.5}, lm{-1, -2, -1, -9, -3};
  for (const auto& line : lines_in(scored.str())) {
    const auto start = line.find("seq2seq= ") + 9;
    score.push_back(std::stod(line.substr(start, line.find(' ', start) - start)));
  }
  const std::vector<std::string> texts{"a b c a b", "b a c b a", "c a b c a", "b a c b", "c a b c c"};
  const std::vector<run::FeatureWeights> all{run::even_average(),
                                             {{"total", 1}},
                                             {{"seq2seq", 1}},
                                             {{"total", -1}},
                                             {{"total", 0.1}, {"seq2seq", 2}, {"lm", 5}}};
  for (const auto& weights : all) {
    const auto weight = [&weights](const std::string& name) { return weights.contains(name) ? weights.at(name) : 0; };
    const auto sum = [&](size_t i) {
      return weight("total") * total[i] + weight("seq2seq") * score[i] + weight("lm") * lm[i];
    };
    const auto best = [&](std::vector<size_t> of) {
      return *std::ranges::max_element(of, [&](size_t a, size_t b) { return sum(a) < sum(b); });
    };
    const auto found = toy.rescore({.weights = weights});
    CHECK(lines_in(toy.out.str()) == std::vector<std::string>{texts[best({0, 1, 3})], "", texts[best({2, 4})]});
    CHECK(found.without == 1);
    CHECK(found.hypotheses == 5);
  }
  const auto found = toy.rescore({.weights = {{"d[1]", 1}}});
  CHECK(lines_in(toy.out.str()) == std::vector<std::string>{"a b c a b", "", "c a b c a"});
  CHECK(found.weights.at("d[1]") == 1);
}

TEST_CASE("rescoring: reports BLEU of the list, rescored, and of the best choice, by length of the list",
          "[run][rescore]") {
  RescoreToy toy;
  const auto found = toy.rescore({.weights = {{"lm", -1}}});  // chooses the fourth and the last
  const auto bleu = [](const std::vector<std::string>& lines) {
    return metrics::corpus_bleu(lines, {{"b a c b a"}, {"b"}, {"c a b c a b"}}).score;
  };
  REQUIRE(found.at.size() == 2);
  CHECK(found.at[0].length == 1);
  CHECK_THAT(found.at[0].rescored.score, WithinAbs(bleu({"a b c a b", "", "c a b c a"}), 1e-9));
  CHECK_THAT(found.at[0].oracle.score, WithinAbs(bleu({"a b c a b", "", "c a b c a"}), 1e-9));
  CHECK(found.at[1].length == 3);
  CHECK_THAT(found.at[1].list.score, WithinAbs(bleu({"a b c a b", "", "c a b c c"}), 1e-9));
  CHECK_THAT(found.at[1].rescored.score, WithinAbs(bleu({"b a c b", "", "c a b c c"}), 1e-9));
  CHECK(found.at[1].rescored.score > 5);
  CHECK(found.at[1].oracle.score > found.at[1].rescored.score);
  CHECK_THAT(found.at[1].oracle.score, WithinAbs(bleu({"b a c b a", "", "c a b c a"}), 1e-9));
}

TEST_CASE("rescoring: weights are tuned on a development list", "[run][rescore]") {
  RescoreToy toy;
  const auto found = toy.rescore({.weights = {{"total", 1}}, .development = toy.files});
  CHECK_THAT(found.at.back().rescored.score, WithinAbs(found.at.back().oracle.score, 1e-9));
  CHECK(lines_in(toy.out.str()).front() == "b a c b a");
}

TEST_CASE("rescoring: evaluation chooses from a list for the lines of its files, whichever are left out",
          "[run][rescore][evaluate]") {
  RescoreToy toy;
  const auto references = toy.toy.folder().file("gaps", "b a c b a\n\nc a b c a b\n");  // line 1 has none
  const auto bleu = [&](const std::vector<std::string>& set) {
    std::vector<std::string> all{"decode.rescore.list=" + toy.files.list.string()};
    all.insert(all.end(), set.begin(), set.end());
    const auto evaluation = run::evaluate(toy.toy.load("run", "last", all),
                                          data::FilePair{toy.files.source, {references}}, toy.toy.environment);
    CHECK(evaluation.sentences == 2);
    return evaluation.outputs.bleu.score;
  };
  const auto expected = [](const std::vector<std::string>& lines) {
    return metrics::corpus_bleu(lines, {{"b a c b a"}, {"c a b c a b"}}).score;
  };
  CHECK_THAT(bleu({"decode.rescore.choose=total"}), WithinAbs(expected({"a b c a b", "c a b c c"}), 1e-9));
  CHECK_THAT(bleu({"decode.rescore.choose=oracle"}), WithinAbs(expected({"b a c b a", "c a b c a"}), 1e-9));
  CHECK_THAT(bleu({"decode.rescore.feature_weights=lm=-1"}), WithinAbs(expected({"b a c b", "c a b c c"}), 1e-9));
  CHECK_THAT(message_of<Error>([&] { bleu({"decode.rescore.feature_weights=lmm=1"}); }),
             ContainsSubstring("decode.rescore.feature_weights lmm: unknown feature; the list has `total`, `seq2seq`"));
  CHECK_THAT(message_of<Error>([&] { bleu({"decode.rescore.feature_weights=lm"}); }),
             ContainsSubstring("decode.rescore.feature_weights lm: must be `NAME=WEIGHT`"));
}

TEST_CASE("rescoring: what does not belong together is named before anything is written", "[run][rescore][error]") {
  RescoreToy toy;
  const auto refusal = [&](const run::RescoreOptions& options) {
    return message_of<Error>([&] { toy.rescore(options); });
  };
  CHECK_THAT(refusal({.weights = {{"lmm", 1}}}), ContainsSubstring("--feature-weights lmm: unknown feature; the list "
                                                                   "has `total`, `seq2seq`, `lm`, `d[0]`, `d[1]`"));
  auto other = toy.files;
  other.list = toy.toy.folder().file("other", "0 ||| a ||| lm= 1 ||| 2\n");
  CHECK_THAT(refusal({.development = other}), ContainsSubstring("other: has the features `lm`, but"));
  const auto with_list = [&](const std::string& list) {
    toy.files.list = toy.toy.folder().file("faulty", list);
    return refusal({});
  };
  CHECK_THAT(with_list("0 ||| a ||| lm= 1 ||| 2\n0 ||| b ||| lm= 1 2 ||| 2\n"),
             ContainsSubstring("faulty:2: has the features `lm[0] lm[1]`, but line 1 has `lm`"));
  CHECK_THAT(with_list("0 ||| a ||| lm= x ||| 2\n"), ContainsSubstring("faulty:1: expected features as in"));
  CHECK_THAT(with_list("0 ||| a ||| lm= -inf ||| 2\n"), ContainsSubstring("faulty:1: feature `lm` is -inf"));
  CHECK_THAT(with_list("0 ||| a ||| lm= 1 ||| nan\n"), ContainsSubstring("faulty:1: the last field is nan"));
  CHECK_THAT(with_list("0 ||| a ||| total= 1 ||| 2\n"),
             ContainsSubstring("has a feature `total=`, which is a reserved name"));
  CHECK_THAT(with_list("9 ||| a ||| lm= 1 ||| 2\n"), ContainsSubstring("faulty:1: has sentence 9"));
  CHECK(toy.out.str().empty());
  for (const std::string text : {"", "a", "a=", "=1", "a=1,", "a=nan", "a=1;b=2"}) {
    CAPTURE(text);
    CHECK_THAT(message_of<UsageError>([&] { run::parse_feature_weights(text, "--feature-weights"); }),
               ContainsSubstring("--feature-weights " + text + ": must be `NAME=WEIGHT`"));
  }
  CHECK_THAT(message_of<UsageError>([&] { run::parse_feature_weights("a=1,a=2", "--feature-weights"); }),
             ContainsSubstring("names `a` twice"));
}

}  // namespace seq2seq::test
