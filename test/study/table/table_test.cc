#include <fmt/format.h>

#include "seq2seq/study/grid/work.h"
#include "seq2seq/study/table/breakdown.h"
#include "seq2seq/study/table/commands.h"
#include "seq2seq/study/table/curves.h"
#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/layout.h"
#include "seq2seq/study/table/page.h"
#include "seq2seq/study/table/study_table.h"
#include "seq2seq/study/table/write.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

const study::Grid small{.title = "A title", .head = {"row", "value"}, .rows = {{"a & b", "1.5 ± 0.1"}, {"c_d", "10"}}};

/// The study of two rows and two seeds, trained.
study::StudyPlan trained(StudyFolder& study) {
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  return plan;
}

}  // namespace

TEST_CASE("table: a grid is written as text, Markdown, LaTeX, HTML and CSV", "[study][table]") {
  CHECK(study::to_text(small) == "A title\nrow        value\n----------------\na & b  1.5 ± 0.1\nc_d           10\n");
  CHECK(study::to_markdown(small) ==
        "**A title**\n\n| row | value |\n|---|--:|\n| a & b | 1.5 ± 0.1 |\n| c_d | 10 |\n");
  CHECK(study::to_latex(small) ==
        "% A title\n\\begin{tabular}{lr}\n  \\toprule\n  row & value \\\\\n  \\midrule\n"
        "  a \\& b & 1.5 $\\pm$ 0.1 \\\\\n  c\\_d & 10 \\\\\n  \\bottomrule\n\\end{tabular}\n");
  CHECK_THAT(study::to_html(small), ContainsSubstring("<tr><td>a &amp; b</td><td>1.5 ± 0.1</td></tr>"));
  CHECK(study::to_csv({.title = "", .head = {"a", "b"}, .rows = {{"x,y", "say \"so\""}}}) ==
        "a,b\r\n\"x,y\",\"say \"\"so\"\"\"\r\n");
}

TEST_CASE("table: figures are those of the records, differences those between means", "[study][table]") {
  StudyFolder study(two_by_two);
  const auto plan = trained(study);
  const auto table = study::make_table(plan);
  REQUIRE(table.lines.size() == 2);
  const auto mean = [&](size_t first, const char* metric) {
    return (plan.planned[first].record->figure(metric) + plan.planned[first + 1].record->figure(metric)) / 2;
  };
  const auto &forward = table.lines[0], &reversed = table.lines[1];
  CHECK(forward.reference);
  CHECK_THAT(forward.metrics[0].mean.value, WithinRel(mean(0, "perplexity"), 1e-12));
  CHECK_THAT(reversed.metrics[1].mean.value, WithinRel(100 * mean(2, "exact_match"), 1e-12) || WithinAbs(0, 1e-12));
  CHECK_FALSE(forward.metrics[0].difference);
  REQUIRE(reversed.metrics[0].difference);
  CHECK_THAT(reversed.metrics[0].difference->value, WithinAbs(mean(2, "perplexity") - mean(0, "perplexity"), 1e-9));
  CHECK(forward.metrics[0].published == 5.8);
  CHECK_FALSE(reversed.metrics[0].published);
  CHECK(reversed.paired);  // `data.reverse` does not change parameters and order of the data
  CHECK(table.missing == 0);
}

TEST_CASE("table: seeds are paired only where parameters and order of the data are alike", "[study][table]") {
  StudyFolder study("seeds: [1]\nrows: [{name: a}]\n");
  const auto configuration = [&study](const std::vector<std::string>& set) {
    return run::read_configuration(study.toy / "toy.yaml", overrides(set), *study.toy.environment.registries);
  };
  const auto base = configuration({});
  const auto alike = [&](const char* setting) { return study::can_pair_by_seed(*base, *configuration({setting})); };
  CHECK(alike("train.clip.limit=1"));
  CHECK(alike("train.optimizer.learning_rate=0.5"));
  CHECK(alike("data.reverse=source"));
  CHECK(alike("decode.beam=7"));
  CHECK(alike("metrics.lowercase=true"));
  CHECK_FALSE(alike("train.batch.sentences=7"));
  CHECK_FALSE(alike("model.embedding.size=7"));
  CHECK_FALSE(alike("model.initial_range=0.5"));
  CHECK_FALSE(alike("data.source.vocabulary.size=2"));
}

TEST_CASE("table: a study half done has a table of what is there", "[study][table]") {
  StudyFolder study(two_by_two);
  auto only = study.plan({"reversed"});
  study::work(only, study.toy.environment);
  const auto table = study::make_table(study.plan());
  CHECK(table.missing == 2);
  CHECK(table.lines[0].metrics.empty());
  CHECK_FALSE(table.lines[1].metrics[0].difference);  // without a row to compare with
  const auto text = study::write_table(study.plan(), disk_files(), study.toy.path());
  CHECK_THAT(text, ContainsSubstring("Missing: 2 runs without a record"));
  CHECK_THAT(text, ContainsSubstring("0/2"));
}

TEST_CASE("table: it is written in every form, twice the same", "[study][table]") {
  StudyFolder study(two_by_two);
  const auto plan = trained(study);
  const auto text = study::write_table(plan, disk_files(), study.toy.path());
  const auto folder = study.toy / "study/tiny";
  std::map<std::string, std::string> first;
  for (const auto* name :
       {"table.txt", "table.md", "table.tex", "table.csv", "table.json", "commands.txt", "index.html", "curves.svg"})
    first[name] = content_of(folder / name);
  CHECK(first["table.txt"] == text);
  CHECK_THAT(text, ContainsSubstring("perplexity, lower is better") && ContainsSubstring("exact match in percent"));
  CHECK_THAT(text, ContainsSubstring("Published figures: a paper."));
  CHECK_THAT(first["index.html"], ContainsSubstring("Does it help?") && ContainsSubstring("<svg") &&
                                      ContainsSubstring("<td>data.reverse</td><td>none</td><td>source</td>"));
  CHECK(lines_in(first["table.csv"]).size() == 5);  // names, and two rows with two metrics
  study::write_table(study.plan(), disk_files(), study.toy.path());
  for (const auto& [name, content] : first) CHECK(content_of(folder / name) == content);
}

TEST_CASE("table: by length of the source, figures are those of the sentences of that length", "[study][table]") {
  // Sources of one to eight symbols, so that there are two ranges.
  StudyFolder study("seeds: [1]\nscales: {tiny: {set: {train.updates: 5}}}\nrows: [{name: a}]\n");
  study.toy.folder().file("held.source", "a\na b\na b a b a b\nb a b a b a b a\n");
  study.toy.folder().file("held.target", "a\na b\na b a b a b\nb a b a b a b a\n");
  const auto table = study::make_table(trained(study));
  const auto grids = study::by_source_length(table);
  REQUIRE(grids.size() == 2);
  CHECK(grids[0].head == std::vector<std::string>{"row", "0 to 5 (2)", "6 to 10 (2)"});
  const auto& sentences = table.lines[0].records[0]->sentences;
  const std::vector<int64_t> shorter{0, 1}, longer{2, 3};
  CHECK(grids[0].rows == std::vector<std::vector<std::string>>{
                             {"a", fmt::format("{:.3f}", study::figure_of("perplexity", sentences, shorter)),
                              fmt::format("{:.3f}", study::figure_of("perplexity", sentences, longer))}});
}

TEST_CASE("table: the commands beside it make the same run", "[study][table]") {
  StudyFolder study(two_by_two);
  const auto plan = trained(study);
  const auto commands = study::commands_of(plan, study.toy.path());
  CHECK_THAT(commands, ContainsSubstring("# reversed, seed 2\n"
                                         "seq2seq train toy.yaml --run runs/study-tiny-4 --set train.updates=10 "
                                         "--set train.validate.every_updates=5 --set data.reverse=source --set seed=2\n"
                                         "seq2seq evaluate runs/study-tiny-4\n"));
  study.toy.train("by-hand", {"train.updates=10", "train.validate.every_updates=5", "data.reverse=source", "seed=2"});
  CHECK(parameters_of(study.toy / "by-hand", 10) == parameters_of(study::places_of(plan, plan.planned[3]).folder, 10));
}

TEST_CASE("table: paths are shortened only where they begin in the folder", "[study][table]") {
  const auto seen = [](const std::string& text) { return study::paths_seen_from("/project", text); };
  CHECK(seen("/project/data/a") == "data/a");
  CHECK(seen("[/project/a, /project/b]") == "[a, b]");
  CHECK(seen("/other/project/a") == "/other/project/a");
  CHECK(seen("\"/project/a b\"") == "\"a b\"");
  CHECK(seen("/projects/a") == "/projects/a");
}

TEST_CASE("table: a row is compared with the reference at the same point of every axis", "[study][table]") {
  StudyFolder study(
      "seeds: [1, 2]\nscales: {tiny: {set: {train.updates: 5, train.validate.every_updates: 5}}}\n"
      "rows: [{name: a}, {name: b, set: {data.reverse: source}}]\n"
      "axes: [{model.encoder.cells: [4, 6], model.decoder.cells: [4, 6]}]\n");
  const auto table = study::make_table(trained(study));
  REQUIRE(table.lines.size() == 4);
  for (const size_t point : {0, 1}) {
    const auto &reference = table.lines[point], &other = table.lines[2 + point];
    REQUIRE(other.metrics[0].difference);
    CHECK_THAT(other.metrics[0].difference->value,
               WithinAbs(other.metrics[0].mean.value - reference.metrics[0].mean.value, 1e-9));
  }
}

}  // namespace seq2seq::test
