#include "seq2seq/run/translate.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/score.h"
#include "seq2seq/text/whitespace.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Counts how often it is flushed.
struct CountingBuffer final : std::stringbuf {
  int sync() override { return ++flushes, 0; }
  int flushes = 0;
};

/// Tokens between blanks, joined without blanks, so that a text may be several sequences of tokens.
struct JoiningTokenizer final : text::Tokenizer {
  using Options = text::WhitespaceOptions;
  explicit JoiningTokenizer(const Options&) {}
  std::vector<std::string> tokenize(std::string_view line) const override {
    return text::WhitespaceTokenizer({}).tokenize(line);
  }
  std::string detokenize(const std::vector<std::string>& tokens) const override {
    std::string text;
    for (const auto& token : tokens) text += token;
    return text;
  }
  bool is_lossless() const override { return false; }
};

std::string text_field(const std::string& line) {
  return std::string(decode::split_n_best(line).value_or(decode::NBestFields{}).text);
}

std::string translated(const run::LoadedRun& run, const std::string& text, const run::TranslateOptions& options = {}) {
  std::ostringstream out;
  auto lines = line_reader(text);
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
  const auto list = lines_in(
      translated(run, "a b c\nc\n", {.tokens = true, .format = run::OutputFormat::moses, .token_scores = true}));
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
    if (cut) continue;  // as listed; `score` adds the end symbol
    CHECK_FALSE(listed.fail());
    CHECK_THAT(sum, WithinAbs(total, 1e-6));
    CHECK(tokens >= 1);
  }
}

TEST_CASE("translating: stops quietly when its reader has gone", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  auto lines = line_reader("a\nb\nc\n");
  CHECK(run::translate(run, lines, out, {}).lines == 0);
}

TEST_CASE("translating: every line that has come is answered before the next is waited for", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream out;
  std::vector<size_t> answered;  // before each wait
  const auto count = [&](size_t) { answered.push_back(lines_in(out.str()).size()); };
  // Two lines at once, a line in two pieces, a last line without a line feed.
  auto source = std::make_unique<PiecewiseSource>(std::vector<std::string>{"a b\nc\n", "b", " a\n", "c"},
                                                  PiecewiseSource::Writer::pausing, count);
  data::LineReader lines(std::move(source), "<stdin>");
  CHECK(run::translate(run, lines, out, {}).lines == 4);
  CHECK(answered == std::vector<size_t>{0, 2, 2, 3, 3});
  CHECK(out.str() == translated(run, "a b\nc\nb a\nc\n"));
}

TEST_CASE("translating: lines of a writer that is ahead are searched for together", "[run][translate][batch]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  CountingBuffer buffer;
  std::ostream out(&buffer);
  auto source =
      std::make_unique<PiecewiseSource>(std::vector<std::string>(100, "a b\nc"), PiecewiseSource::Writer::ahead);
  data::LineReader lines(std::move(source), "<stdin>");
  CHECK(run::translate(run, lines, out, {}).lines == 101);
  CHECK(buffer.flushes == 1);
}

TEST_CASE("translating: an empty line is answered with an empty line, or with what the search finds",
          "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const std::string blank = GENERATE("\n", " \t\n");
  const auto run = toy.load("run");
  CHECK(translated(run, blank) == "\n");
  CHECK(translated(run, blank, {.format = run::OutputFormat::moses, .token_scores = true}) ==
        "0 |||  ||| logprob= 0 tokens= ||| 0\n");
  CHECK(translated(run, "a\n" + blank + "b\n") == translated(run, "a\n") + "\n" + translated(run, "b\n"));

  const auto searching = toy.load("run", "last", {"decode.empty_source=translate"});
  const auto found = decode::search_all(run.predictor(), {{}}, *run.text, run.options().decode).front().front();
  REQUIRE_FALSE(found.ids.empty());
  CHECK(translated(searching, blank) ==
        run.text->target_tokenizer().detokenize(run.text->target_words(found.ids)) + "\n");
}

TEST_CASE("translating: tokens that the vocabulary does not have are counted", "[run][translate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream out;
  auto lines = line_reader("a q\n\nq q\nc\nr\n");
  const auto counts = run::translate(run, lines, out, {}).unknown;
  CHECK(counts.tokens == 6);
  CHECK(counts.unknown == 4);
  CHECK(counts.lines == 2);
  CHECK(counts.first_line == 3);
  CHECK(run::describe(counts, "source") ==
        "4 of 6 source tokens (66.67 %) are not in the vocabulary; 2 lines have only unknown tokens; the "
        "first is line 3");
  CHECK(run::describe({.tokens = 2000, .unknown = 1, .lines = 1, .first_line = 7}, "target") ==
        "1 of 2,000 target tokens (0.05 %) is not in the vocabulary; line 7 has only unknown tokens");
  CHECK(run::describe({.tokens = 5}, "source").empty());
}

TEST_CASE("translating: an n-best list has each text once, with the best of its scores", "[run][translate]") {
  Toy toy(turned);
  auto registries = run::builtin_registries();
  registries.tokenizers.add<JoiningTokenizer>("joining", "for a test");
  toy.environment.registries = &registries;
  toy.folder().file("train.source", "a\na a\naa\na aa\naa a\n");
  toy.folder().file("train.target", "aa\naa a\na a\na aa\na a a\n");
  toy.train("run", {"data.target.tokenizer.kind=joining", "train.updates=20"});
  const auto run = toy.load("run", "last", {"decode.beam=12", "decode.n_best=12"});

  // `--tokens` shows each sequence of tokens as a separate text, best first; of equal ones, the first is kept.
  const auto all = lines_in(translated(run, "a\na aa\n", {.tokens = true, .format = run::OutputFormat::moses}));
  std::vector<std::string> wanted;
  std::vector<std::pair<char, std::string>> seen;
  for (const auto& line : all) {
    auto text = text_field(line);
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    if (std::find(seen.begin(), seen.end(), std::pair(line.front(), text)) != seen.end()) continue;
    seen.emplace_back(line.front(), text);
    wanted.push_back(fmt::format("{} ||| {}{}", line.front(), text, line.substr(line.find(" ||| logprob= "))));
  }
  REQUIRE(wanted.size() < all.size());
  CHECK(lines_in(translated(run, "a\na aa\n", {.format = run::OutputFormat::moses})) == wanted);
}

}  // namespace seq2seq::test
