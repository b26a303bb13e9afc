#include "seq2seq/run/description.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

run::RunDescription example() {
  run::RunDescription run;
  run.program = "0.1.0";
  run.commit = "1a2b3c";
  run.dirty = true;
  run.created = "2026-11-20T10:11:12Z";
  run.seed = 18446744073709551615ULL;
  run.numerics = 3;
  run.digest = "abc";
  run.configurations = {"c1", "c2"};
  run.data = {"t", "v", ""};
  run.source = {12, "s1"};
  run.target = {13, "s2"};
  run.parameters = {{"output", 10}, {"encoder", 1}};
  run.init_from = run::InitialWeights{.run = "/runs/first", .update = 7, .sha256 = "f"};
  run.sessions = {{.started = "then", .program = "p", .from_update = 4, .machine = {.threads = 2, .torch = "2.11.0"}}};
  return run;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("run.json: what is written reads back, parts in order", "[run][description]") {
  const auto run = example();
  const auto read = run::parse_description(run::serialize(run), "run.json");
  CHECK(run::serialize(read) == run::serialize(run));
  CHECK(read.seed == run.seed);
  CHECK(read.configurations == run.configurations);
  CHECK(read.parameters == run.parameters);
  CHECK(read.parameters_in_all() == 11);
  CHECK(read.init_from->run == "/runs/first");
  CHECK(read.sessions.at(0).machine.threads == 2);
}

TEST_CASE("run.json: the older name of the sessions is read, too", "[run][description]") {
  const auto older = replaced(run::serialize(example()), "\"sessions\"", "\"sittings\"");
  const auto read = run::parse_description(older, "run.json");
  REQUIRE(read.sessions.size() == 1);
  CHECK(read.sessions[0].from_update == 4);
  CHECK_THAT(run::serialize(read), ContainsSubstring("\"sessions\"") && !ContainsSubstring("sittings"));
}

TEST_CASE("run.json: a dirty program counts, whether it started the run or resumed it", "[run][description]") {
  const auto dirty = [](bool first, const std::string& resumed) {
    run::RunDescription run;
    run.dirty = first;
    run.sessions = {{.program = "0.1.0 (1a2b3c)"}, {.program = resumed}, {.program = "0.1.0 (4d5e6f)"}};
    return run.trained_by_dirty_program();
  };
  CHECK_FALSE(dirty(false, "0.1.0 (1a2b3c)"));
  CHECK(dirty(true, "0.1.0 (1a2b3c)"));
  CHECK(dirty(false, Version{.number = "0.1.0", .commit = "1a2b3c", .dirty = true}.text()));
  CHECK_FALSE(dirty(false, Version{.number = "0.1.0", .commit = "1a2b3c", .dirty = false}.text()));
}

TEST_CASE("run.json: another format or version, or damage, is told in one line", "[run][description][error]") {
  const auto text = run::serialize(example());
  const auto fault = [](const std::string& changed) {
    return message_of<FormatError>([&] { run::parse_description(changed, "run.json"); });
  };
  const auto version = std::to_string(run::run_format_version);
  CHECK_THAT(fault(replaced(text, "\"version\": " + version, "\"version\": 99")),
             ContainsSubstring("run.json: has format version 99; this program reads version " + version));
  CHECK_THAT(fault(replaced(text, "seq2seq run", "something")), ContainsSubstring("is not a description of a run"));
  CHECK_THAT(fault("[1]"), ContainsSubstring("is not a description of a run"));
  const auto half = text.substr(0, text.size() / 2);
  CHECK_THAT(fault(half),
             ContainsSubstring(fmt::format("run.json:{}:", std::count(half.begin(), half.end(), '\n') + 1)) &&
                 ContainsSubstring(": is damaged: `not JSON from here on: "));
  CHECK_THAT(fault(""),
             ContainsSubstring("run.json:1:1: is damaged: `not JSON from here on: unexpected end of input`"));
  CHECK_THAT(fault(replaced(text, "\"digest\"", "\"digesd\"")), ContainsSubstring("digest"));
  CHECK_THAT(fault(replaced(text, "\"threads\": 2", "\"threads\": \"two\"")), ContainsSubstring("is damaged"));
  CHECK_THAT(fault(replaced(text, "\"threads\": 2", "\"threads\": 2.5")), ContainsSubstring("is damaged"));
  CHECK_THAT(fault(replaced(text, "\"threads\": 2", "\"threads\": 1e300")), ContainsSubstring("is damaged"));
  CHECK_THAT(fault(replaced(text, "18446744073709551615", "-1")), ContainsSubstring("is damaged"));
  CHECK_THAT(fault("{\n  \"a\": tru"), ContainsSubstring("run.json:2:") &&
                                           ContainsSubstring("is damaged: `not JSON from here on: invalid literal`"));
  CHECK_THAT(fault(replaced(text, "\"seed\"", "\"sed\"")), ContainsSubstring("is damaged: `key 'seed' not found`"));
  CHECK(fault("").find("json.exception") == std::string::npos);
  CHECK_THAT(fault(std::string(1'000'000, '[')), ContainsSubstring("nested too deeply"));
  CHECK(fault(text.substr(0, text.size() / 2)).find('\n') == std::string::npos);
}

TEST_CASE("machines: every difference that keeps a resume from being exact is named", "[run][description]") {
  const Machine then{.threads = 2,
                     .product_library = "mkl 2024.2",
                     .instruction_set = "AVX512",
                     .kernels = "avx512",
                     .device = "cpu",
                     .torch = "2.11.0"};
  CHECK(run::reasons_for_inexact_resume(then, then).empty());
  auto now = then;
  now.threads = 4;
  now.instruction_set = "AVX2";
  const auto reasons = run::reasons_for_inexact_resume(then, now);
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0] == "threads: 2 before, 4 now");
  CHECK(reasons[1] == "instruction set: AVX512 before, AVX2 now");
}

}  // namespace seq2seq::test
