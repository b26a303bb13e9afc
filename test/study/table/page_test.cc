#include "seq2seq/study/table/page.h"

#include <set>

#include <fmt/format.h>

#include "seq2seq/study/table/curves.h"
#include "seq2seq/study/table/layout.h"
#include "seq2seq/study/table/outputs.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

/// Returns the texts between each `before` and the next `after`.
std::vector<std::string> between(const std::string& text, const std::string& before, const std::string& after) {
  std::vector<std::string> found;
  for (size_t at = 0; (at = text.find(before, at)) != std::string::npos;) {
    at += before.size();
    found.push_back(text.substr(at, text.find(after, at) - at));
  }
  return found;
}

/// Makes a table of rows with one curve each; perplexity falls from 300 to 1.2.
study::StudyTable with_curves(size_t rows) {
  study::StudyTable table;
  for (size_t i = 0; i < rows; ++i) {
    auto record = std::make_shared<study::Record>();
    for (int64_t update = 1000; update <= 7000; update += 1000)
      record->training.curve.push_back(
          {.update = update, .epoch = 1, .seconds = 1, .figures = {{"perplexity", update == 1000 ? 300.0 : 1.2}}});
    table.lines.push_back({.cell = fmt::format("row {}", i), .wanted = 1, .records = {record}, .metrics = {}});
  }
  return table;
}

/// Makes a row of two runs; its mean differs from that of the reference by `difference`, which has this variance.
study::StudyTable compared(const std::string& metric, double mean, double difference, metrics::Variance variance) {
  study::StudyTable table{
      .question = "q", .scale = "", .published_in = "", .gap = "", .metrics = {metric}, .lines = {}};
  study::TableLine line{.cell = "row", .wanted = 2, .records = {}, .metrics = {}};
  for (int run = 0; run < 2; ++run) line.records.push_back(std::make_shared<study::Record>());
  line.metrics.push_back({.mean = {mean, {}}, .deviation = 1, .difference = {{difference, variance}}, .published = {}});
  table.lines.push_back(line);
  return table;
}

}  // namespace

TEST_CASE("curves: ticks are round numbers, and the title lies above the curves", "[study][table]") {
  const auto svg = study::draw_curves(with_curves(1));
  const auto texts = between(svg, "\">", "</text>");
  for (const auto* tick : {"0", "1,000", "5,000", "7,000", "2", "5", "10", "100", "200"})
    CHECK(std::count(texts.begin(), texts.end(), tick) == 1);
  double highest = 1e9;  // y grows downwards
  for (const auto& points : between(svg, "points=\"", "\"")) {
    std::istringstream pairs(points);
    for (std::string pair; pairs >> pair;) highest = std::min(highest, std::stod(pair.substr(pair.find(',') + 1)));
  }
  const auto title = svg.find("validation perplexity");
  const auto y = between(svg.substr(0, title), "y=\"", "\"").back();
  CHECK(std::stod(y) + 4 < highest);
}

TEST_CASE("curves: every row of thirty has its own colour and dash, and the legend has the same", "[study][table]") {
  const size_t rows = 30;
  const auto svg = study::draw_curves(with_curves(rows));
  const auto strokes = between(svg, "<polyline fill=\"none\" ", " points=");
  CHECK(strokes.size() == rows);
  CHECK(std::set<std::string>(strokes.begin(), strokes.end()).size() == rows);
  for (const auto& stroke : strokes) CHECK_THAT(svg, ContainsSubstring(" h32\" fill=\"none\" " + stroke + "/>"));
}

TEST_CASE("outputs: words that differ from the reference are marked, a lone word by its characters", "[study][table]") {
  CHECK(study::marked_output("a b c", "a b c") == "a b c");
  CHECK(study::marked_output("a x c", "a b c") == "a <mark>x</mark> c");
  CHECK(study::marked_output("x y a", "a") == "<mark>x y</mark> a");
  CHECK(study::marked_output("a b", "a b c") == "a b <mark>&nbsp;</mark>");
  CHECK(study::marked_output("1948-13-21", "1948-03-21") == "1948-<mark>1</mark>3-21");
  CHECK(study::marked_output("h\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9") == "<mark>h</mark>\xC3\xA9t\xC3\xA9");
  CHECK(study::marked_output("<a> b", "c b") == "<mark>&lt;a&gt;</mark> b");
  CHECK(study::marked_output("", "a b") == "<mark>&nbsp;</mark>");
}

TEST_CASE("page: tables scroll in boxes of their own, and a study without scales names none", "[study][table]") {
  StudyFolder study("seeds: [1]\nrows: [{name: a}]\n");
  const auto plan = study.plan();
  const auto page = study::make_page(plan, study::make_table(plan));
  const auto tables = between(page, "<table>", "</table>").size();
  CHECK(tables > 0);
  CHECK(between(page, "<div class=\"wide\"><table>", "</table></div>").size() == tables);
  CHECK_THAT(page, ContainsSubstring("<p>study.yaml.</p>") && ContainsSubstring("name=\"viewport\""));
  CHECK(plan.outputs() == study.toy / "study/table");
}

TEST_CASE("layout: an interval around 0 as wide as the metric is not shown", "[study][table]") {
  // One degree of freedom: the quantile of Student's t at 97.5 % is 12.7, so a standard error of 34 gives +-435.
  const auto wide = study::layout(compared("exact_match", 50, 20, {34.0 * 34.0, 1})).front().rows.front();
  CHECK(wide[3] == "+20.00 [too few runs]");
  CHECK(wide[5].empty());  // the detectable difference
  const auto narrow = study::layout(compared("exact_match", 50, 20, {4, 1})).front().rows.front();
  CHECK(narrow[3] == "+20.00 [-5.41, +45.41]");
  CHECK_FALSE(narrow[5].empty());
  const auto away_from_0 = study::layout(compared("exact_match", 5, -90, {25, 1})).front().rows.front();
  CHECK(away_from_0[3] == "-90.00 [-153.53, -26.47]");
  CHECK(study::layout(compared("perplexity", 5, 1, {1, 1})).front().rows.front()[3] == "+1.000 [too few runs]");
  CHECK(study::layout(compared("perplexity", 50, 1, {1, 1})).front().rows.front()[3] == "+1.000 [-11.706, +13.706]");
}

TEST_CASE("notes: BLEU of targets of one word says that there are no 4-grams", "[study][table]") {
  auto table = compared("bleu", 0, 0, {1, 1});
  auto record = std::make_shared<study::Record>();
  record->sentences.resize(2);
  for (auto& sentence : record->sentences) sentence.bleu = metrics::count_bleu("1948-03-21", {"1948-03-21"});
  table.lines[0].records = {record};
  const auto has_note = [&table] {
    const auto notes = study::notes(table);
    return std::any_of(notes.begin(), notes.end(), [](const auto& note) { return note.find("4-grams") != note.npos; });
  };
  CHECK(has_note());
  for (auto& sentence : record->sentences) sentence.bleu = metrics::count_bleu("a b c d", {"a b c d"});
  CHECK_FALSE(has_note());
}

}  // namespace seq2seq::test
