// Words outside the vocabulary that a model copies: learned, scored, searched and resumed.

#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/core/text.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/score.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns lines to copy: letters of the vocabulary, and one or two names that occur nowhere else.
std::string lines_with_names(int64_t lines, const std::string& prefix) {
  const RandomStream draws(11, Purpose::sampling);
  std::string text;
  uint64_t next = prefix.size() * 100'000;
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(draws.uniform(next++, 0) * static_cast<double>(bound));
  };
  for (int64_t line = 0; line < lines; ++line) {
    const int64_t tokens = 2 + below(3), name = below(tokens), other = below(tokens);
    for (int64_t token = 0; token < tokens; ++token) {
      const bool is_name = token == name || token == other;
      text += fmt::format(
          "{}{}", token == 0 ? "" : " ",
          is_name ? fmt::format("{}{}_{}", prefix, line, token) : std::string(1, static_cast<char>('a' + below(3))));
    }
    text += "\n";
  }
  return text;
}

/// A task of copying lines with names; held-out lines have other names.
struct Names : Toy {
  Names() : Toy(copied) {
    for (const auto* side : {"source", "target"}) {
      folder().file(fmt::format("train.{}", side), lines_with_names(1000, "n"));
      folder().file(fmt::format("held.{}", side), lines_with_names(60, "held"));
    }
  }
};

std::vector<std::string> with_copies(std::vector<std::string> more) {
  more.insert(more.end(), {"data.source.vocabulary.size=3", "data.target.vocabulary.size=3",
                           "model.attention.kind=additive", "model.output.kind=copy"});
  return more;
}

}  // namespace

TEST_CASE("copying: names that were never seen are all copied, which without an extended vocabulary none is",
          "[run][learn][copy][slow]") {
  const bool shared = GENERATE(false, true);
  CAPTURE(shared);
  Names toy;
  auto set = with_copies({"model.embedding.size=16", "model.encoder.layers=1", "model.decoder.layers=1",
                          "model.encoder.cells=32", "model.decoder.cells=32", "model.encoder.bidirectional=all",
                          "model.bridge.kind=linear", "model.dropout.layers=0", "train.updates=250",
                          "train.validate.every_updates=250", "train.checkpoint.every_updates=0",
                          fmt::format("data.shared_vocabulary={}", shared)});
  toy.train("plain", set);
  set.emplace_back("model.output.extended_vocabulary=true");
  toy.train("extended", set);

  const auto evaluation = run::evaluate(toy.load("extended"), {}, toy.environment);
  CHECK(evaluation.outputs.rates.exact_match() == 1);
  CHECK(evaluation.outputs.bleu.score > 99.9);
  CHECK(evaluation.unknown_source > 0.3);
  CHECK(run::evaluate(toy.load("plain"), {}, toy.environment).outputs.rates.exact_match() == 0);
}

TEST_CASE("copying: translate, score, n-best lists and evaluate agree on words outside the vocabulary",
          "[run][score][copy]") {
  Names toy;
  toy.train("run", with_copies({"model.output.extended_vocabulary=true", "data.reverse=both", "train.updates=60"}));
  const auto run = toy.load("run", "last", {"decode.beam=4", "decode.n_best=4"});
  const auto source = toy / "held.source";
  std::ostringstream listed, rescored, scores;
  auto lines = line_reader(content_of(source));
  run::translate(run, lines, listed, {.format = run::OutputFormat::moses});
  const auto list = toy.folder().file("list", listed.str());
  run::score_n_best(run, list, source, rescored, {.feature = "again"}, toy.environment);

  const auto sources = lines_in(content_of(source)), written = lines_in(listed.str()), again = lines_in(rescored.str());
  REQUIRE(again.size() == written.size());
  int64_t names = 0;
  for (size_t i = 0; i < written.size(); ++i) {
    CAPTURE(written[i], again[i]);
    const double score = std::stod(written[i].substr(written[i].rfind("||| ") + 4));
    const auto at = again[i].find("again= ") + 7;
    const bool cut = written[i].find("cut") != std::string::npos;
    if (!cut) CHECK_THAT(std::stod(again[i].substr(at)), WithinAbs(score, 1e-5 * std::max(1.0, std::abs(score))));
    const auto& of_source = sources[static_cast<size_t>(std::stoll(written[i]))];
    const std::set<std::string_view> known{"a", "b", "c"};
    const auto fields = *decode::split_n_best(written[i]);
    for (const auto word : split(fields.text, ' ')) {
      if (word.empty() || known.contains(word)) continue;
      CHECK((" " + of_source + " ").find(fmt::format(" {} ", word)) != std::string::npos);
      ++names;
    }
  }
  CHECK(names > 10);

  const auto scored = run::score_files(run, source, toy / "held.target", scores, {}, toy.environment);
  CHECK_THAT(run::evaluate(run, {}, toy.environment).perplexity.value(), WithinRel(scored.perplexity(), 1e-6));
  CHECK(scored.unknown_target.unknown > 60);
}

TEST_CASE("copying: a run with an extended vocabulary that is resumed ends as one that was not, prepared or read",
          "[run][resume][copy]") {
  Names toy;
  auto set = with_copies({"model.output.extended_vocabulary=true", "train.schedule.kind=constant"});
  toy.train("long", set);
  set.insert(set.end(), {"train.updates=15", "data.prepared=" + (toy / "prepared").string()});
  toy.train("short", set);
  toy.resume("short", {"train.updates=30"});
  CHECK((parameters_of(toy / "short", 30) == parameters_of(toy / "long", 30)));
}

TEST_CASE("copying: vocabularies without a common word are refused unless the vocabulary is extended",
          "[run][copy][error]") {
  Toy toy(copied);
  for (const auto* file : {"train.target", "held.target"}) {
    auto text = content_of(toy / file);
    for (auto& letter : text)
      if (letter >= 'a') letter = static_cast<char>(letter - 'a' + 'x');
    toy.folder().file(file, text);
  }
  const std::vector<std::string> set{"model.attention.kind=general", "model.output.kind=copy", "train.updates=2"};
  CHECK_THAT(message_of<UsageError>([&] { toy.train("run", set); }),
             ContainsSubstring("no word is in both vocabularies") && ContainsSubstring("extended_vocabulary: true"));
}

TEST_CASE("copying: a run with an extended vocabulary neither joins an ensemble nor searches with a language model",
          "[run][copy][ensemble][error]") {
  Names toy;
  const auto set = with_copies({"data.shared_vocabulary=true", "train.updates=2"});
  auto extending = set;
  extending.emplace_back("model.output.extended_vocabulary=true");
  toy.train("plain", set);
  toy.train("extended", extending);
  const auto refusal = [&](const std::string& name, const std::string& other) {
    auto first = toy.load(name);
    std::vector<run::LoadedRun> others;
    others.push_back(toy.load(other));
    return message_of<UsageError>([&] { run::join(first, std::move(others), {}); });
  };
  const std::string reason = "`model.output.extended_vocabulary` adds the words of each source";
  CHECK_THAT(refusal("plain", "extended"), ContainsSubstring("extended: cannot join the ensemble: " + reason));
  CHECK_THAT(refusal("extended", "plain"), ContainsSubstring("cannot join the ensemble: " + reason));
  CHECK(refusal("plain", "plain") == "nothing was thrown");
  const auto language_model = "decode.language_model.run=" + (toy / "plain").string();
  CHECK_THAT(message_of<UsageError>([&] { toy.load("extended", "last", {language_model}); }),
             ContainsSubstring(reason));
}

}  // namespace seq2seq::test
