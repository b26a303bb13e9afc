#include "seq2seq/run/json_lines.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"
#include "test/support/translation.h"

namespace seq2seq::test {

namespace {

using nlohmann::json;
using run::InputFormat;
using run::OutputFormat;

std::vector<json> answers(const run::LoadedRun& run, const std::string& text, const run::TranslateOptions& options) {
  std::vector<json> all;
  for (const auto& line : lines_in(translation_of(run, text, options))) all.push_back(json::parse(line));
  return all;
}

std::string fault_of(const std::string& line) {
  return message_of<Error>([&] { run::json_source(line, {.file = "requests", .line = 7}); });
}

}  // namespace

TEST_CASE("JSON lines: a source is read, and what is no request is named with line and column", "[run][json][error]") {
  const auto source = [](const std::string& line) { return run::json_source(line, {}); };
  CHECK(source(R"({"source": "a b"})") == "a b");
  CHECK(source(R"( {"id": {"source": 1, "output": []}, "source": "\u00e9 \"q\"\ttab"} )") == "\u00e9 \"q\"\ttab");
  CHECK_THAT(fault_of(R"({"source": "a)"), Catch::StartsWith("requests:7:14: is not JSON: "));
  CHECK_THAT(fault_of("a b"), Catch::StartsWith("requests:7:1: is not JSON: "));
  CHECK_THAT(fault_of(""), Catch::StartsWith("requests:7:1: is not JSON: "));
  CHECK_THAT(fault_of(R"({"source": "\ud800"})"), Catch::StartsWith("requests:7:19: is not JSON: "));
  CHECK_THAT(fault_of("[]"), ContainsSubstring("requests:7: is not a JSON object"));
  CHECK_THAT(fault_of(R"({"text": "a"})"), ContainsSubstring("has no key `source`"));
  CHECK_THAT(fault_of(R"({"source": 1})"), ContainsSubstring("has a `source` that is not a string"));
  CHECK_THAT(fault_of(R"({"source": "a\nb"})"), ContainsSubstring("has a line break or a NUL in `source`"));
  CHECK_THAT(fault_of(R"({"source": "a\u0000"})"), ContainsSubstring("has a line break or a NUL in `source`"));
  CHECK_THAT(fault_of(R"({"source": "a", "source": "b"})"), ContainsSubstring("has the key `source` twice"));
  CHECK_THAT(fault_of(R"({"source": "a", "score": 1})"),
             ContainsSubstring("has the key `score`, which the answer needs"));
}

TEST_CASE("JSON lines: members are added to a request, of which no byte changes", "[run][json]") {
  const auto joined = [](const std::string& line) { return run::joined_objects(line, R"({"output":"x"})"); };
  CHECK(joined(R"({"id": 12345678901234567890123, "e": 1.10})") ==
        R"({"id": 12345678901234567890123, "e": 1.10, "output":"x"})");
  CHECK(joined(R"( {"a":{"b":"}"} }  )") == R"( {"a":{"b":"}"} , "output":"x"})");
  CHECK(joined("{ }") == R"({ "output":"x"})");
}

TEST_CASE("translating: JSON lines say what plain text, an n-best list and alignments say", "[run][translate][json]") {
  const bool attends = GENERATE(false, true);
  Toy toy(turned);
  toy.train("run", {"train.updates=20", attends ? "model.attention.kind=general" : "model.attention.kind=none",
                    "data.source.end=none"});  // each token of an output has a link
  const std::string text = "a b c\n\nc zebra\n";
  const auto run =
      toy.load("run", "last", {"decode.beam=4", "decode.n_best=3", "decode.length_normalization.kind=average"});
  const auto list = lines_in(translation_of(run, text, {.format = OutputFormat::moses, .token_scores = true}));
  std::ostringstream links;
  if (attends) {
    auto lines = line_reader(text);
    std::ostringstream out;
    run::translate(run, lines, out, {.format = OutputFormat::moses, .alignments = {.links = &links}});
  }
  const auto aligned = lines_in(links.str());
  if (attends) REQUIRE(aligned.front().ends_with("-" + std::to_string(std::ranges::count(aligned.front(), ' '))));
  const auto plain = lines_in(translation_of(run, text, {}));

  const auto all = answers(run, text, {.format = OutputFormat::json, .list = true});
  const auto best = answers(run, text, {.format = OutputFormat::json});

  REQUIRE(all.size() == 3);
  size_t next = 0;
  for (size_t sentence = 0; sentence < 3; ++sentence) {
    CHECK(all[sentence].at("source") == lines_in(text)[sentence]);
    CHECK(best[sentence].at("output") == plain[sentence]);
    CHECK(all[sentence].at("seconds").get<double>() >= 0);
    auto first = all[sentence].at("hypotheses").at(0);
    for (const auto& [key, value] : first.items()) CHECK(best[sentence].at(key) == value);
    for (const auto& hypothesis : all[sentence].at("hypotheses")) {
      REQUIRE(next < list.size());
      const auto fields = *decode::split_n_best(list[next]);
      CHECK(fields.sentence == std::to_string(sentence));
      CHECK(hypothesis.at("output") == std::string(fields.text));
      CHECK_THAT(hypothesis.at("normalized_score").get<double>(),
                 WithinRel(std::stod(std::string(fields.score)), 1e-8));
      const auto scores = hypothesis.at("token_scores").get<std::vector<double>>();
      const double score = hypothesis.at("score");
      CHECK_THAT(score, WithinRel(std::stod(std::string(fields.features.substr(fields.features.find(' ')))), 1e-8));
      CHECK_THAT(std::accumulate(scores.begin(), scores.end(), 0.0), WithinAbs(score, 1e-12));
      const bool ends = !hypothesis.at("cut").get<bool>() && sentence != 1;
      CHECK(scores.size() == hypothesis.at("tokens").size() + (ends ? 1 : 0));
      CHECK(hypothesis.contains("alignment") == attends);
      if (attends) {
        std::string pharaoh;
        for (const auto& link : hypothesis.at("alignment"))
          pharaoh += (pharaoh.empty() ? "" : " ") + link.at(0).dump() + "-" + link.at(1).dump();
        CHECK(pharaoh == aligned.at(next));
      }
      ++next;
    }
  }
  CHECK(next == list.size());
}

TEST_CASE("translating: tab-separated columns say what an n-best list says", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run", "last", {"decode.beam=3", "decode.n_best=3", "decode.max_length.plus=1"});
  const std::string text = "a\tb\nc\n";
  const auto list = lines_in(translation_of(run, text, {.format = OutputFormat::moses}));
  const auto table = lines_in(translation_of(run, text, {.format = OutputFormat::tsv}));
  REQUIRE(table.size() == list.size() + 1);
  CHECK(table.front() == "sentence\tsource\toutput\tscore\tnormalized_score\tcut");
  for (size_t i = 0; i < list.size(); ++i) {
    const auto fields = *decode::split_n_best(list[i]);
    const std::string features(fields.features), score = features.substr(9, features.find(' ', 9) - 9);
    const bool cut = features.ends_with("cut= 1");
    CHECK(table[i + 1] == std::string(fields.sentence) + "\t" + (fields.sentence == "0" ? "a b" : "c") + "\t" +
                              std::string(fields.text) + "\t" + score + "\t" + std::string(fields.score) + "\t" +
                              (cut ? "1" : "0"));
  }
}

TEST_CASE("translating: requests in JSON get their own keys back, and bad ones stop it or get an error",
          "[run][translate][json][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  run::TranslateOptions options{.format = OutputFormat::json, .input = InputFormat::json};
  const std::string good = R"({"id": [1, 2], "source": "a b"})", other = R"({"source":"c","user":"x"})";
  const std::string text = good + "\nnonsense\n" + R"({"id": 8, "sources": "a"})" + "\n\xFF\n" + other + "\n" +
                           R"({"source": "b", "n": 1e999})" + "\n";

  std::ostringstream out;
  auto lines = line_reader(text);
  const auto message = message_of<Error>([&] { run::translate(run, lines, out, options); });
  CHECK_THAT(message, Catch::StartsWith("<stdin>:2:"));
  REQUIRE(lines_in(out.str()).size() == 1);  // the previous line is answered
  auto first = json::parse(out.str());
  const auto plain = lines_in(translation_of(run, "a b\nc\n", {}));
  CHECK(first.at("output") == plain[0]);
  CHECK(first.at("id") == json{1, 2});

  options.keep_going = true;
  std::ostringstream everything;
  auto again = line_reader(text);
  const auto counts = run::translate(run, again, everything, options);
  CHECK(counts.lines == 6);
  CHECK(counts.failed == 4);
  std::vector<json> all;
  for (const auto& line : lines_in(everything.str())) all.push_back(json::parse(line));
  REQUIRE(all.size() == 6);
  first.erase("seconds"), all[0].erase("seconds");
  CHECK(all[0] == first);
  CHECK_THAT(all[1].at("error").get<std::string>(), Catch::StartsWith("<stdin>:2:"));
  CHECK_THAT(all[2].at("error").get<std::string>(), Catch::StartsWith("<stdin>:3: has no key `source`"));
  CHECK(all[2].at("id") == 8);
  CHECK_THAT(all[3].at("error").get<std::string>(), Catch::StartsWith("<stdin>:4:1: byte 0xFF"));
  CHECK(all[4].at("output") == plain[1]);
  CHECK(all[4].at("user") == "x");
  CHECK_THAT(all[5].at("error").get<std::string>(), Catch::StartsWith("<stdin>:6: has a number that is too large"));
}

}  // namespace seq2seq::test
