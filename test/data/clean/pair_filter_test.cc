#include "seq2seq/data/clean/pair_filter.h"

#include <optional>
#include <string>

#include "seq2seq/data/side_tokenizers.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

std::optional<Reason> reason_for(const CleanOptions& options, const std::string& source, const std::string& target) {
  const SideTokenizers tokenizers({}, text::builtin_tokenizers());
  const PairFilter filter(options, *tokenizers.source, *tokenizers.target);
  LinePair lines;
  lines.source = source;
  lines.target = target;
  TokenPair tokens;
  return filter.tokenize(lines, tokens);
}

}  // namespace

TEST_CASE("pair filter: each reason is found where its option asks for it, and nowhere else", "[data][clean]") {
  struct Case {
    CleanOptions options;
    std::string source, target;
    Reason reason;
  };
  const auto tried = GENERATE(values<Case>({
      {{.max_length = 2}, "a a a", "x", Reason::too_long},
      {{.max_length = 2}, "a", "x x x", Reason::too_long},
      {{.max_ratio = 2}, "a a a", "x", Reason::unlike_lengths},
      {{.max_ratio = 1.5}, "a", "x x", Reason::unlike_lengths},
      {{.drop_empty_source = true}, " ", "x", Reason::empty_source},
      {{.drop_control_characters = true}, "a\x07", "x", Reason::control_characters},
      {{.drop_control_characters = true}, "a", "x\x7F", Reason::control_characters},
      {{.drop_control_characters = true}, "a", "x \xC2\x85", Reason::control_characters},
  }));
  CAPTURE(tried.source, tried.target);
  REQUIRE(reason_for(tried.options, tried.source, tried.target) == tried.reason);
  REQUIRE(reason_for({}, tried.source, tried.target) == std::nullopt);
}

TEST_CASE("pair filter: at its limits a pair is kept", "[data][clean]") {
  REQUIRE(reason_for({.max_length = 2}, "a a", "x x") == std::nullopt);
  REQUIRE(reason_for({.max_ratio = 2}, "a a", "x x x x") == std::nullopt);
  REQUIRE(reason_for({.drop_control_characters = true}, "a\tb", "\xC2\xA0 \xC3\x85") == std::nullopt);
  REQUIRE(reason_for({.max_ratio = 2}, "", "x x x x") == std::nullopt);  // no ratio to nothing
}

TEST_CASE("pair filter: an empty target is left out whatever the options say", "[data][clean]") {
  REQUIRE(reason_for({}, "a", "  ") == Reason::empty_target);
  REQUIRE(reason_for(PairFilter::nothing(), "a", "") == Reason::empty_target);
}

TEST_CASE("seen pairs: go by the tokens, and by where a side ends", "[data][clean]") {
  SeenPairs seen;
  REQUIRE(seen.add({0, {"a", "b"}, {"c"}}));
  REQUIRE(!seen.add({1, {"a", "b"}, {"c"}}));
  REQUIRE(seen.add({2, {"a"}, {"b", "c"}}));
  REQUIRE(seen.add({3, {"ab"}, {"c"}}));
  REQUIRE(seen.add({4, {"b", "a"}, {"c"}}));
}
