#include "seq2seq/run/conversation.h"

#include <sstream>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"
#include "test/support/translation.h"

namespace seq2seq::test {

namespace {

/// Returns pairs of a number and the words after it, one per line.
std::vector<std::pair<double, std::string>> numbered(const std::string& text) {
  std::vector<std::pair<double, std::string>> lines;
  for (const auto& line : lines_in(text)) lines.emplace_back(std::stod(line), line.substr(line.find("  ") + 2));
  return lines;
}

}  // namespace

TEST_CASE("conversation: a sentence gets the output that `translate` writes, and n-best lists on demand",
          "[run][interactive]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=20"});
  auto run = toy.load("run");
  const auto best = toy.load("run", "last", {"decode.n_best=4", "decode.beam=4"});
  run::Conversation talk(run, /*tokens=*/false);
  CHECK(talk.answer("a b c") == translation_of(run, "a b c\n"));
  CHECK(talk.answer(":n-best 4") == "");
  const auto listed = numbered(*talk.answer("a b c"));
  const auto wanted = lines_in(translation_of(best, "a b c\n", {.format = run::OutputFormat::moses}));
  REQUIRE(listed.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto fields = *decode::split_n_best(wanted[i]);
    CHECK(listed[i].first == static_cast<double>(i + 1));
    const auto space = listed[i].second.find("  ");
    CHECK_THAT(std::stod(listed[i].second), WithinAbs(std::stod(std::string(fields.score)), 1e-4));
    CHECK(listed[i].second.substr(space + 2) == fields.text);
  }
  CHECK_THAT(*talk.answer("a zebra"), Catch::EndsWith("(not in the vocabulary: zebra)\n"));
  CHECK(talk.answer("  ") == "");
  CHECK_THAT(*talk.answer(":help"), ContainsSubstring(":alternatives P [N]"));
  CHECK_FALSE(talk.answer(":quit"));
  CHECK_FALSE(talk.answer(":q"));
}

TEST_CASE("conversation: probabilities and alternatives at each position are those of scoring the words",
          "[run][interactive]") {
  const std::string reverse = GENERATE("none", "target");  // backwards, a position is written after the later ones
  Toy toy(turned);
  toy.train("run", {"train.updates=150", "data.reverse=" + reverse});
  auto run = toy.load("run");
  run::Conversation talk(run, /*tokens=*/true);
  auto output = *talk.answer("a b c");
  output.pop_back();
  const auto tokens = numbered(*talk.answer(":tokens"));
  std::string together;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) together += (i == 0 ? "" : " ") + tokens[i].second;
  CHECK(together == output);
  CHECK(tokens.back().second == "</s>");

  for (size_t position = 1; position <= tokens.size(); ++position) {
    CAPTURE(position);
    const auto found = numbered(*talk.answer(":alternatives " + std::to_string(position) + " 4"));
    REQUIRE(found.size() == 4);  // a, b, c and the end symbol
    double sum = 0, own = 0;
    for (size_t i = 0; i < 4; ++i) {
      if (i > 0) CHECK(found[i].first <= found[i - 1].first);
      sum += found[i].first;
      if (found[i].second == tokens[position - 1].second) own = found[i].first;
    }
    CHECK_THAT(own, WithinAbs(tokens[position - 1].first, 1.1e-4));  // of four digits
    CHECK(sum <= 1 + 4e-4);
    CHECK(sum > 0.5);  // all except `<s>` and `<unk>`
  }
  CHECK_THROWS_AS(talk.answer(":alternatives " + std::to_string(tokens.size() + 1)), UsageError);
}

TEST_CASE("conversation: the alignment is that of `translate --alignments`", "[run][interactive]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=20", "model.attention.kind=general"});
  auto run = toy.load("run");
  std::ostringstream out, links;
  auto lines = line_reader("a zebra c\n");
  run::translate(run, lines, out, {.tokens = true, .alignments = {.links = &links}});
  run::Conversation talk(run, /*tokens=*/true);
  talk.answer("a zebra c");
  std::istringstream shown(*talk.answer(":alignment"));
  const std::vector<std::string> source{"a", "zebra", "c"};
  std::string pharaoh, output, weight, target, word;
  for (int64_t i = 0; shown >> weight >> target >> word; ++i) {
    output += (i == 0 ? "" : " ") + target;
    CHECK(std::stod(weight) > 0.2);  // the largest of at most five that sum to 1
    const auto place = std::find(source.begin(), source.end(), word) - source.begin();
    if (place < 3) pharaoh += (pharaoh.empty() ? "" : " ") + std::to_string(place) + "-" + std::to_string(i);
  }
  CHECK(output + "\n" == out.str());
  CHECK(pharaoh + "\n" == links.str());
}

TEST_CASE("conversation: samples are listed by risk, as `translate` lists them", "[run][interactive]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  auto run = toy.load("run", "last", {"decode.search=sample", "decode.n_best=30", "decode.minimum_bayes_risk=chrf"});
  run::Conversation talk(run, /*tokens=*/false);
  const auto first = numbered(*talk.answer("a b c")).front().second;
  CHECK(first.substr(first.find("  ") + 2) + "\n" == translation_of(run, "a b c\n"));
}

TEST_CASE("conversation: the beam stays a multiple of its groups", "[run][interactive]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  auto run = toy.load("run", "last", {"decode.beam=4", "decode.diverse_beam.groups=4"});
  run::Conversation talk(run, /*tokens=*/false);
  CHECK_THAT(message_of<UsageError>([&] { talk.answer(":n-best 9223372036854775807"); }),
             ContainsSubstring("at most 1,000,000 outputs"));
  talk.answer(":n-best 5");
  CHECK(run.options().decode.beam == 8);
  CHECK_NOTHROW(talk.answer("a b c"));
  talk.answer(":n-best 1");
  CHECK(run.options().decode.beam == 4);
}

TEST_CASE("conversation: a line that is not UTF-8 is refused", "[run][interactive][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  auto run = toy.load("run");
  run::Conversation talk(run, /*tokens=*/false);
  CHECK_THAT(message_of<Error>([&] { talk.answer("caf\xE9"); }), ContainsSubstring("<terminal>:1:4: "));
}

TEST_CASE("conversation: a command that cannot be followed is refused, and the conversation goes on",
          "[run][interactive][error]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  auto run = toy.load("run");
  run::Conversation talk(run, /*tokens=*/false);
  const auto fault = [&talk](const std::string& line) { return message_of<UsageError>([&] { talk.answer(line); }); };
  CHECK_THAT(fault(":tokens"), ContainsSubstring("no sentence has been translated yet"));
  talk.answer("a b");
  CHECK_THAT(fault(":alignment"), ContainsSubstring("has no attention"));
  CHECK_THAT(fault(":alternatives x"), ContainsSubstring("`x` is not a number of at least 1"));
  CHECK_THAT(fault(":alternatives 99"), ContainsSubstring("the first output has "));
  CHECK_THAT(fault(":alternatives"), ContainsSubstring("`:alternatives` does not take 0 arguments"));
  CHECK_THAT(fault(":tokens 2"), ContainsSubstring("the last sentence has 1 output"));
  CHECK_THAT(fault(":what now"), ContainsSubstring("unknown command `:what`"));
  CHECK(talk.answer("a b") == translation_of(run, "a b\n"));
}

}  // namespace seq2seq::test
