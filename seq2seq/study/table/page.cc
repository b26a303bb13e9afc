#include "seq2seq/study/table/page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/study/table/breakdown.h"
#include "seq2seq/study/table/commands.h"
#include "seq2seq/study/table/curves.h"
#include "seq2seq/study/table/layout.h"
#include "seq2seq/study/table/outputs.h"

namespace seq2seq::study {

namespace {

// Only boxes of class `wide` scroll sideways, never the page; the first column of a table of figures stays visible.
constexpr const char* page_style =
    "*{box-sizing:border-box}"
    "body{font:16px/1.5 sans-serif;max-width:64em;margin:0 auto;padding:1em;color:#222;overflow-wrap:break-word}"
    "h1{font-size:1.5em;line-height:1.3}h2{font-size:1em;margin:1.8em 0 .4em}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:14px}"
    "td,th{padding:.25em .7em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap;background:#fff}"
    "td:first-child,th:first-child{text-align:left;white-space:normal;min-width:7em;position:sticky;left:0}"
    "th{border-bottom:2px solid #444;vertical-align:bottom}"
    ".texts td,.texts th{text-align:left;vertical-align:top;white-space:normal;min-width:12em}"
    ".texts td:first-child,.texts th:first-child{position:static}"
    "mark{background:#ffe08a}svg{max-width:100%;height:auto}";

/// Returns the first run of each cell, in the order of the table.
std::vector<const PlannedRun*> first_of_cells(const StudyPlan& plan) {
  std::vector<const PlannedRun*> firsts;
  for (const auto& planned : plan.planned)
    if (firsts.empty() || firsts.back()->run.cell != planned.run.cell) firsts.push_back(&planned);
  return firsts;
}

}  // namespace

Grid key_differences(const StudyPlan& plan) {
  const auto firsts = first_of_cells(plan);
  Grid grid{.title = "Keys in which the rows differ", .head = {"key"}, .rows = {}};
  const auto folder = plan.records.parent_path().parent_path().parent_path();
  std::vector<std::map<std::string, std::string>> values;
  std::vector<std::string> order;
  for (const auto* planned : firsts) {
    grid.head.push_back(planned->run.cell);
    auto& of_cell = values.emplace_back();
    for (const auto& value : config::values(planned->configuration->keys)) {
      of_cell[value.key] = paths_seen_from(folder, value.text);
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
      "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n<h1>{0}</h1>\n<p>{2}{3}.</p>\n",
      escape_html(table.question), page_style, escape_html(plan.spec.file.filename().string()),
      table.scale.empty() ? "" : ", scale " + escape_html(table.scale));
  for (const auto& grid : layout(table)) text += to_html(grid);
  text += "<ul>\n";
  for (const auto& note : notes(table)) text += "<li>" + escape_html(note) + "</li>\n";
  text += "</ul>\n" + draw_curves(table);
  for (const auto& grid : by_source_length(table)) text += to_html(grid);
  if (const auto keys = key_differences(plan); !keys.rows.empty())
    text += "<div class=\"texts\">" + to_html(keys) + "</div>\n";
  if (const auto outputs = outputs_side_by_side(table); !outputs.empty())
    text += "<div class=\"texts\">" + outputs + "</div>\n";
  return text + "</html>\n";
}

}  // namespace seq2seq::study
