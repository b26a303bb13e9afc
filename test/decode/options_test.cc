#include <string>

#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/decode/search.h"
#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

void read(const std::string& yaml, decode::DecodeOptions& options) {
  config::Keys keys;
  declare(keys, options);
  config::read_text(yaml, "run.yaml", ".", {}, keys);
}

}  // namespace

TEST_CASE("decode options: every key reaches its field", "[decode][options]") {
  decode::DecodeOptions options;
  read("beam: 7\nn_best: 3\nmax_length: {ratio: 1.5, plus: 4, limit: 90}\nbatch: 5\nallow_unknown: true\n", options);
  REQUIRE(options.beam == 7);
  REQUIRE(options.n_best == 3);
  REQUIRE(options.max_length.ratio == 1.5);
  REQUIRE(options.max_length.plus == 4);
  REQUIRE(options.max_length.limit == 90);
  REQUIRE(options.batch == 5);
  REQUIRE(options.allow_unknown);
}

TEST_CASE("decode options: more outputs than hypotheses are refused", "[decode][options][error]") {
  decode::DecodeOptions options;
  REQUIRE_NOTHROW(read("beam: 3\nn_best: 3\n", options));
  REQUIRE_THROWS_WITH(read("beam: 3\nn_best: 4\n", options), ContainsSubstring("n_best") && ContainsSubstring("beam"));
}

TEST_CASE("decode options: settings that contradict each other are refused", "[decode][options][error]") {
  const auto [yaml, key] = GENERATE(table<std::string, std::string>({
      {"search: exact\npatience: 1", "patience"},
      {"search: sample\npatience: 1", "patience"},
      {"search: sample\nno_repeat_ngram: 2", "no_repeat_ngram"},
      {"sample: {top_k: 3}", "search: sample"},
      {"search: sample\nrepetition_penalty: 2", "repetition_penalty"},
      {"search: sample\ncoverage_penalty: 1", "coverage_penalty"},
      {"search: sample\nbeam: 4\ndiverse_beam: {groups: 2}", "diverse_beam"},
      {"search: exact\nbeam: 4\ndiverse_beam: {groups: 2}", "diverse_beam"},
      {"beam: 5\ndiverse_beam: {groups: 2}", "equal size"},
      {"min_length: 5\nmax_length: {limit: 4}", "max_length.limit"},
      {"min_length: 5\nmax_length: {ratio: 0, plus: 4}", "max_length.plus"},
  }));
  CAPTURE(yaml);
  decode::DecodeOptions options;
  REQUIRE_THROWS_WITH(read(yaml + "\n", options), ContainsSubstring(key));
}

TEST_CASE("decode options: values out of range are refused", "[decode][options][error]") {
  const std::string yaml =
      GENERATE("beam: 0", "n_best: 0", "batch: 0", "max_length: {ratio: -1}", "max_length: {plus: -1}",
               "max_length: {limit: 0}", "exact_nodes: 0", "repetition_penalty: 0.9", "coverage_penalty: -1",
               "diverse_beam: {groups: 0}", "diverse_beam: {strength: -1}");
  CAPTURE(yaml);
  decode::DecodeOptions options;
  REQUIRE_THROWS_AS(read(yaml + "\n", options), UsageError);
}

TEST_CASE("decode options: keys that would change nothing are refused", "[decode][options][error]") {
  const std::string yaml =
      GENERATE("length_normalization: {kind: average, alpha: 1}", "diverse_beam: {strength: 3}",
               "language_model: {weight: 3}", "exact_nodes: 3", "sample: {seed: 3}", "rescore: {feature_weights: lm=1}",
               "rescore: {list: x, choose: oracle, feature_weights: lm=1}");
  CAPTURE(yaml);
  decode::DecodeOptions options;
  REQUIRE_THROWS_AS(read(yaml + "\n", options), UsageError);
}

TEST_CASE("decode options: how many sources are searched together is not part of the digest", "[decode][options]") {
  decode::DecodeOptions one, other;
  other.batch = 3;
  config::Keys keys, other_keys;
  declare(keys, one);
  declare(other_keys, other);
  REQUIRE(config::digest_text(keys) == config::digest_text(other_keys));
  other.beam = 3;
  REQUIRE(config::digest_text(keys) != config::digest_text(other_keys));
}

}  // namespace seq2seq::test
