#include "seq2seq/run/evaluate.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/score.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the last line of a kind in metrics.jsonl.
nlohmann::json last_measured(const fs::path& run, const std::string& kind) {
  nlohmann::json found;
  for (const auto& line : lines_in(content_of(RunFolder(run).metrics()))) {
    const auto json = nlohmann::json::parse(line);
    if (json.value("kind", "") == kind) found = json;
  }
  return found;
}

}  // namespace

TEST_CASE("evaluation: perplexity is that of `score`, exact match that of comparing the lines of `translate`",
          "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=150"});
  const auto run = toy.load("run");
  std::ostringstream scores, outputs;
  const auto scored = run::score_files(run, toy / "held.source", toy / "held.target", scores, {}, toy.environment);
  auto lines = line_reader(content_of(toy / "held.source"));
  run::translate(run, lines, outputs, {});
  const auto found = lines_in(outputs.str()), wanted = lines_in(content_of(toy / "held.target"));
  double exact = 0;
  for (size_t i = 0; i < wanted.size(); ++i) exact += found[i] == wanted[i] ? 1 : 0;

  const auto evaluation = run::evaluate(run, {}, toy.environment);

  CHECK_THAT(evaluation.perplexity.value(), WithinRel(scored.perplexity(), 1e-9));
  CHECK_THAT(evaluation.outputs.rates.exact_match(), WithinAbs(exact / static_cast<double>(wanted.size()), 1e-12));
  CHECK(evaluation.sentences == 20);
}

TEST_CASE("evaluation: validation in training measures what `evaluate` measures", "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=60",
                    "train.validate.metrics=[perplexity, exact_match, sequence_error_rate, "
                    "token_error_rate, bleu]"});
  const auto validation = last_measured(toy / "run", "validation");

  const auto evaluation = run::evaluate(toy.load("run"), {}, toy.environment);  // the test set is the validation set

  CHECK_THAT(validation.at("perplexity").get<double>(), WithinRel(evaluation.perplexity.value(), 1e-6));
  CHECK_THAT(validation.at("exact_match").get<double>(), WithinAbs(evaluation.outputs.rates.exact_match(), 1e-12));
  CHECK_THAT(validation.at("sequence_error_rate").get<double>(),
             WithinAbs(1 - evaluation.outputs.rates.exact_match(), 1e-12));
  CHECK_THAT(validation.at("token_error_rate").get<double>(),
             WithinAbs(evaluation.outputs.rates.token_error_rate(), 1e-12));
  CHECK_THAT(validation.at("bleu").get<double>(), WithinAbs(evaluation.outputs.bleu.score, 1e-9));
}

TEST_CASE("evaluation: letters count where references are as written, not where lower case is asked for",
          "[run][evaluate]") {
  Toy toy([](const Symbols&) { return Symbols{"A", "b", "c", "B", "a"}; });  // soon learned, for any source
  toy.train("run", {"train.updates=800", "train.validate.every_updates=400", "data.target.normalize.lowercase=true",
                    "train.validate.metrics=[perplexity, exact_match, bleu]", "metrics.lowercase=true"});
  const auto validation = last_measured(toy / "run", "validation");
  const auto lower = run::evaluate(toy.load("run"), {}, toy.environment);
  const auto mixed = run::evaluate(toy.load("run", "last", {"metrics.lowercase=false"}), {}, toy.environment);

  CHECK_THAT(lower.outputs.bleu.signature, ContainsSubstring("case:lc"));
  CHECK_THAT(mixed.outputs.bleu.signature, ContainsSubstring("case:mixed"));
  CHECK(lower.outputs.rates.exact > 0);
  CHECK(mixed.outputs.rates.exact == 0);
  CHECK(mixed.outputs.rates.edits >= 40);  // `A` and `B` of each of 20 lines
  CHECK(mixed.outputs.bleu.score < lower.outputs.bleu.score);
  CHECK_THAT(validation.at("exact_match").get<double>(), WithinAbs(lower.outputs.rates.exact_match(), 1e-12));
  CHECK_THAT(validation.at("bleu").get<double>(), WithinAbs(lower.outputs.bleu.score, 1e-9));
}

TEST_CASE("evaluation: figures do not depend on which file of references has the gaps", "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=30"});
  const auto run = toy.load("run");
  const auto source = toy.folder().file("some.source", "a b\nc\nb\na\n");
  const auto gaps = toy.folder().file("gaps", "\nc\n\n\n"), others = toy.folder().file("others", "a b c\n\nb b\n\n");
  const auto merged = toy.folder().file("merged", "a b c\nc\nb b\n");
  const auto measured = toy.folder().file("measured.source", "a b\nc\nb\n");
  std::ostringstream scores;
  const auto scored = run::score_files(run, measured, merged, scores, {}, toy.environment);

  for (const auto& files : {std::vector{gaps, others}, std::vector{others, gaps}}) {
    const auto evaluation = run::evaluate(run, data::FilePair{source, files}, toy.environment);
    CHECK(evaluation.sentences == 3);
    CHECK(evaluation.empty_target == 1);
    CHECK(evaluation.target_tokens == 6);
    CHECK(evaluation.outputs.rates.sequences == 3);
    CHECK(evaluation.sentences_with_several == 0);
    CHECK_THAT(evaluation.perplexity.value(), WithinRel(scored.perplexity(), 1e-9));
  }
}

TEST_CASE("evaluation: exact search counts what the beam missed, and what it could not prove", "[run][evaluate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=40"});
  const auto with = [&](const std::vector<std::string>& settings) {
    auto all = settings;
    all.emplace_back("decode.max_length={ratio: 1, plus: 1, limit: 6}");
    return toy.load("run", "last", all);
  };
  const auto best_of = [](const run::LoadedRun& run, const run::EvaluationSet& set) {
    return decode::search_all(run.predictor(), decode::all_sentences(set.corpus.source), *run.text,
                              run.options().decode);
  };
  const auto run = with({"decode.search=exact", "decode.beam=1", "decode.exact_nodes=100000"});
  const auto set = run::read_evaluation_set(run.options().data.validation, *run.text);
  const auto by_beam = best_of(with({"decode.beam=1"}), set), widest = best_of(with({"decode.beam=2000"}), set);
  int64_t missed = 0, empty = 0;
  for (size_t i = 0; i < widest.size(); ++i) {
    missed += by_beam[i].front().ids != widest[i].front().ids || by_beam[i].front().cut ? 1 : 0;
    empty += widest[i].front().ids.empty() ? 1 : 0;
  }
  const auto outputs = run::evaluate(run, {}, toy.environment).outputs;
  CHECK(outputs.exact.sentences == std::ssize(widest));
  CHECK(outputs.exact.unproven == 0);
  CHECK(outputs.exact.missed == missed);
  CHECK(missed > 0);
  CHECK(outputs.exact.empty == empty);
  train::Figures figures;
  run::add(figures, outputs);
  CHECK_THAT(figures.at("search_error_rate"),
             WithinAbs(static_cast<double>(missed) / static_cast<double>(widest.size()), 1e-12));

  const auto stopped = run::evaluate(with({"decode.search=exact", "decode.exact_nodes=1"}), {}, toy.environment);
  CHECK(stopped.outputs.exact.unproven == std::ssize(widest));
  CHECK(stopped.outputs.exact.missed == 0);
  CHECK(run::evaluate(with({}), {}, toy.environment).outputs.exact.sentences == 0);
}

TEST_CASE("evaluation: BLEU cuts the text as asked for", "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto source = toy.folder().file("source", "a b\nb c\n"),
             reference = toy.folder().file("reference", "a, b\nb c.\n");
  const auto bleu = [&](const std::string& tokenizer) {
    const auto run = toy.load("run", "last", {"metrics.bleu_tokenizer=" + tokenizer});
    return run::evaluate(run, data::FilePair{source, {reference}}, toy.environment).outputs.bleu;
  };
  const auto at_blanks = bleu("none"), as_13a = bleu("13a");
  CHECK(at_blanks.counts.reference_tokens == 4);  // `a,` `b` `b` `c.`
  CHECK(as_13a.counts.reference_tokens == 6);     // `a` `,` `b` `b` `c` `.`
  CHECK_THAT(as_13a.signature, ContainsSubstring("tok:13a"));
}

TEST_CASE("evaluation: any of several references counts, an empty line is none", "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream outputs;
  auto lines = line_reader("a b\nc\nb\n");
  run::translate(run, lines, outputs, {});
  const auto found = lines_in(outputs.str());
  const auto source = toy.folder().file("some.source", "a b\nc\nb\n");
  const auto first = toy.folder().file("some.target", "q\nq\nq\n");
  const auto second = toy.folder().file("some.target.2", "\n" + found[1] + "\nq q\n");

  CHECK(run::evaluate(run, data::FilePair{source, {first}}, toy.environment).outputs.rates.exact == 0);
  const auto evaluation = run::evaluate(run, data::FilePair{source, {first, second}}, toy.environment);
  CHECK(evaluation.outputs.rates.exact == (found[1].empty() ? 0 : 1));
  CHECK(evaluation.sentences_with_several == (found[1].empty() ? 1 : 2));
  CHECK(evaluation.unknown_target == 1);

  const auto shorter = toy.folder().file("short", "q\n");
  CHECK_THAT(message_of<Error>([&] {
               run::evaluate(run, data::FilePair{source, {first, shorter}}, toy.environment);
             }),
             ContainsSubstring("short: has 1 line, but"));
}

TEST_CASE("evaluation: a line that is not text is to be corrected, because a run's configuration cannot change",
          "[run][evaluate][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto source = toy.folder().file("some.source", "a\n"), target = toy.folder().file("some.target", "\xFF\n");
  CHECK_THAT(message_of<Error>([&] {
               run::evaluate(toy.load("run"), data::FilePair{source, {target}}, toy.environment);
             }),
             ContainsSubstring("some.target:1:1: byte 0xFF") && Catch::EndsWith("Correct the line"));
}

TEST_CASE("evaluation: with the oracle's length every output is as long as the first reference it has",
          "[run][evaluate]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5", "decode.oracle_length=true"});
  const auto run = toy.load("run");
  const auto source = toy.folder().file("some.source", "a b\nc\nb\n");
  const auto target = toy.folder().file("some.target", "a\nb b b b b b b\n\n");
  const auto longest = toy.folder().file("some.target.2", "a a a\n\nc a c\n");
  const data::FilePair files{source, {target, longest}};
  const auto set = run::read_evaluation_set(files, *run.text);
  const auto targets = decode::all_sentences(set.corpus.target);
  const auto found = decode::search_all(run.predictor(), decode::all_sentences(set.corpus.source), *run.text,
                                        run.options().decode, {}, &targets);
  CHECK(found[0].front().ids.size() == 1);
  CHECK(found[1].front().ids.size() == 7);
  CHECK(found[2].front().ids.size() == 3);
  std::vector<std::string> lines;
  for (const auto& of_source : found)
    lines.push_back(run.text->target_tokenizer().detokenize(run.text->target_words(of_source.front().ids)));
  CHECK(run::evaluate(run, files, toy.environment).outputs.rates.edits ==
        metrics::word_error_rates(lines, set.references).edits);
}

TEST_CASE("evaluation: without a test set says how to name one", "[run][evaluate][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5", "data.test.source=\"\"", "data.test.target=[]"});
  CHECK_THAT(message_of<Error>([&] { run::evaluate(toy.load("run"), {}, toy.environment); }),
             ContainsSubstring("--source FILE --reference FILE"));
}

TEST_CASE("evaluation: an empty source is searched for, whatever `translate` answers it with", "[run][evaluate]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  std::ostringstream output;
  auto lines = line_reader("\n");
  run::translate(toy.load("run", "last", {"decode.empty_source=translate"}), lines, output, {});
  REQUIRE(output.str().size() > 1);
  const auto source = toy.folder().file("empty.source", "\n"), reference = toy.folder().file("found", output.str());
  const auto run = toy.load("run", "last", {"decode.empty_source=empty"});
  CHECK(run::evaluate(run, data::FilePair{source, {reference}}, toy.environment).outputs.rates.exact == 1);
}

}  // namespace seq2seq::test
