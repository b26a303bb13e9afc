#include "seq2seq/study/table/page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/study/table/breakdown.h"
#include "seq2seq/study/table/curves.h"
#include "seq2seq/study/table/layout.h"

namespace seq2seq::study {

namespace {

constexpr const char* page_style =
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1.5em 0;font-size:14px}caption{text-align:left;font-weight:bold}"
    "td,th{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}th{border-bottom:2px solid #444}"
    ".texts td,.texts th{text-align:left;vertical-align:top}";

/// The first run of each cell, in the order of the table.
std::vector<const PlannedRun*> first_of_cells(const StudyPlan& plan) {
  std::vector<const PlannedRun*> firsts;
  for (const auto& planned : plan.planned)
    if (firsts.empty() || firsts.back()->run.cell != planned.run.cell) firsts.push_back(&planned);
  return firsts;
}

std::string without_folder(const config::Value& value, const std::string& folder) {
  auto text = value.text;
  for (size_t at = 0; (at = text.find(folder, at)) != std::string::npos;) text.erase(at, folder.size());
  return text;
}

/// Returns the output of a run for a sentence, or an empty text if it is not among its examples.
std::string output_of(const Record& record, const Example& wanted) {
  const auto found = std::find_if(record.examples.begin(), record.examples.end(), [&wanted](const Example& example) {
    return example.source == wanted.source && example.reference == wanted.reference;
  });
  return found == record.examples.end() ? std::string() : found->output;
}

/// The same sentences as each line's first run gave them.
Grid outputs_side_by_side(const StudyTable& table) {
  Grid grid{.title = "Outputs of the first seed", .head = {"source", "reference"}, .rows = {}};
  std::vector<const Record*> records;
  for (const auto& line : table.lines) {
    if (line.records.empty()) continue;
    if (!records.empty() && line.records.front()->identity.test.sha256 != records.front()->identity.test.sha256)
      continue;
    records.push_back(line.records.front().get());
    grid.head.push_back(line.cell);
  }
  if (records.empty()) return grid;
  for (const auto& example : records.front()->examples) {
    auto& row = grid.rows.emplace_back(std::vector<std::string>{example.source, example.reference});
    for (const auto* record : records) row.push_back(output_of(*record, example));
  }
  return grid;
}

}  // namespace

Grid key_differences(const StudyPlan& plan) {
  const auto firsts = first_of_cells(plan);
  Grid grid{.title = "Keys in which the rows differ", .head = {"key"}, .rows = {}};
  const auto folder = plan.records.parent_path().parent_path().parent_path().string() + "/";
  std::vector<std::map<std::string, std::string>> values;
  std::vector<std::string> order;
  for (const auto* planned : firsts) {
    grid.head.push_back(planned->run.cell);
    auto& of_cell = values.emplace_back();
    for (const auto& value : config::values(planned->configuration->keys)) {
      of_cell[value.key] = without_folder(value, folder);
      if (std::find(order.begin(), order.end(), value.key) == order.end()) order.push_back(value.key);
    }
  }
  for (const auto& key : order) {
    std::vector<std::string> row{key};
    for (auto& of_cell : values) row.push_back(of_cell.contains(key) ? of_cell[key] : "(absent)");
    if (std::adjacent_find(row.begin() + 1, row.end(), std::not_equal_to<>()) != row.end())
      grid.rows.push_back(std::move(row));
  }
  return grid;
}

std::string make_page(const StudyPlan& plan, const StudyTable& table) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<style>{1}</style>\n"
      "<h1>{0}</h1>\n<p>{2}, scale {3}.</p>\n",
      escape_html(table.question), page_style, escape_html(plan.spec.file.filename().string()),
      escape_html(table.scale));
  for (const auto& grid : layout(table)) text += to_html(grid);
  text += "<ul>\n";
  for (const auto& note : notes(table)) text += "<li>" + escape_html(note) + "</li>\n";
  text += "</ul>\n" + draw_curves(table);
  for (const auto& grid : by_source_length(table)) text += to_html(grid);
  if (const auto keys = key_differences(plan); !keys.rows.empty())
    text += "<div class=\"texts\">" + to_html(keys) + "</div>\n";
  if (const auto outputs = outputs_side_by_side(table); !outputs.rows.empty())
    text += "<div class=\"texts\">" + to_html(outputs) + "</div>\n";
  return text + "</html>\n";
}

}  // namespace seq2seq::study
