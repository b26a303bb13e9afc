#include "seq2seq/run/translate.h"

#include "seq2seq/core/error.h"
#include "seq2seq/run/score.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

std::string translated(const run::LoadedRun& run, const std::string& text, const run::TranslateOptions& options = {}) {
  std::istringstream in(text);
  std::ostringstream out;
  run::LineSource lines(in, "<stdin>");
  run::translate(run, lines, out, options);
  return out.str();
}

}  // namespace

TEST_CASE("translating: every line has its answer, in order, the same alone and among others",
          "[run][translate][batch]") {
  Toy toy(turned);
  toy.train("run");
  const auto run = toy.load("run", "last", {"decode.batch=3"});
  const std::string text = "a b c\n\nc\nb b b b b b b b b b b b\na\nc c a\nb a\n";

  const auto together = lines_in(translated(run, text));

  const auto sources = lines_in(text);
  REQUIRE(together.size() == sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(sources[i]);
    CHECK(translated(run, sources[i] + "\n") == together[i] + "\n");
  }
  CHECK(translated(run, text, {.answer_at_once = true}) == translated(run, text));
}

TEST_CASE("translating: no line, no final line end, Windows line ends", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  CHECK(translated(run, "").empty());
  CHECK(translated(run, "a b") == translated(run, "a b\n"));
  CHECK(translated(run, "a b\r\nc\r\n") == translated(run, "a b\nc\n"));
}

TEST_CASE("translating: there is no reference whose length an output could have", "[run][translate][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5", "decode.oracle_length=true"});
  CHECK_THAT(message_of<UsageError>([&] { translated(toy.load("run"), "a b\n"); }),
             ContainsSubstring("decode.oracle_length") && ContainsSubstring("--set decode.oracle_length=false"));
  CHECK_FALSE(translated(toy.load("run", "last", {"decode.oracle_length=false"}), "a b\n").empty());
}

TEST_CASE("translating: bytes that are no text are told with line and column", "[run][translate][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  CHECK_THAT(message_of<Error>([&] { translated(run, "a b\nb \xC3(\n"); }),
             ContainsSubstring("<stdin>:2:3: byte 0xC3"));
}

TEST_CASE("translating: the scores of an n-best list are those that `score` gives its lines", "[run][translate]") {
  const std::string reverse = GENERATE("none", "target");  // backwards, token scores must come in the order of the text
  Toy toy(turned);
  toy.train("run", {"data.reverse=" + reverse});
  const auto run = toy.load("run", "last", {"decode.beam=4", "decode.n_best=4"});
  const auto list =
      lines_in(translated(run, "a b c\nc\n", {.tokens = true, .n_best_format = true, .token_scores = true}));
  REQUIRE(list.size() == 8);

  for (const auto& line : list) {
    CAPTURE(line);
    const auto first = line.find(" ||| "), second = line.find(" ||| ", first + 5);
    toy.folder().file("source", line.front() == '0' ? "a b c\n" : "c\n");
    toy.folder().file("target", line.substr(first + 5, second - first - 5) + "\n");
    std::ostringstream out;
    run::score_files(run, toy / "source", toy / "target", out, {.tokens = true, .per_token = true}, toy.environment);
    std::istringstream scored(out.str());
    std::istringstream listed(line.substr(line.find("tokens= ") + 8));
    double total = 0, of_list = 0, of_pair = 0, sum = 0;
    scored >> total;
    int64_t tokens = 0;
    const bool cut = line.find("cut= 1") != std::string::npos;
    for (; scored >> of_pair; ++tokens) {
      sum += of_pair;
      if (!(listed >> of_list)) break;
      CHECK_THAT(of_list, WithinAbs(of_pair, 1e-5));  // products of another height
    }
    if (cut) continue;  // listed as it stands; `score` adds the end symbol
    CHECK_FALSE(listed.fail());
    CHECK_THAT(sum, WithinAbs(total, 1e-6));
    CHECK(tokens >= 1);
  }
}

TEST_CASE("translating: stops quietly when its reader has gone", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::istringstream in("a\nb\nc\n");
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  run::LineSource lines(in, "<stdin>");
  CHECK(run::translate(run, lines, out, {}).lines == 0);
}

}  // namespace seq2seq::test
