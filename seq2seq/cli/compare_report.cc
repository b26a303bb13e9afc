#include "seq2seq/cli/compare_report.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/progress.h"
#include "seq2seq/study/table/grid.h"

namespace seq2seq::cli {

namespace {

using ComparisonJson = nlohmann::ordered_json;

double shown(const metrics::MetricKind& kind, double figure) { return (kind.share ? 100 : 1) * figure; }

std::string number(const metrics::MetricKind& kind, double figure) { return format_figure(shown(kind, figure), 2); }

std::string signed_number(const metrics::MetricKind& kind, double figure) {
  const auto text = number(kind, figure);
  return std::isfinite(figure) && !text.starts_with('-') ? "+" + text : text;
}

std::string interval(const metrics::MetricKind& kind, const metrics::Estimate::Interval& interval, bool with_sign) {
  const auto text = with_sign ? signed_number : number;
  return fmt::format("{} to {}", text(kind, interval.low), text(kind, interval.high));
}

std::string title_of(const metrics::MetricKind& kind) {
  return fmt::format("{}{}{}", kind.title, kind.share ? ", %" : "", kind.higher_is_better ? "" : " *");
}

study::Grid main_table(const run::Comparison& comparison, bool two) {
  study::Grid grid{"", {"metric", "A", "95 % interval"}, {}};
  if (two)
    grid.head = {
        "metric",       "A", "B",    "B - A", "95 % interval", "p, bootstrap", "p, randomization", "B better on sets",
        "sentences: A", "B", "equal"};
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i) {
    const auto& kind = *comparison.metrics[i];
    const auto& test = comparison.tests[i];
    auto& row = grid.rows.emplace_back(std::vector{title_of(kind), number(kind, test.first.value)});
    if (!two) {
      row.push_back(interval(kind, test.first.interval, false));
      continue;
    }
    row.insert(row.end(),
               {number(kind, test.second.value), signed_number(kind, test.difference.value),
                interval(kind, test.difference.interval, true), fmt::format("{:.4f}", test.bootstrap_p),
                fmt::format("{:.4f}", test.randomization_p), fmt::format("{:.1f} %", 100 * test.second_better),
                format_count(test.first_wins), format_count(test.second_wins), format_count(test.equal)});
  }
  return grid;
}

std::string name_of(run::SentenceOrder order) { return order == run::SentenceOrder::length ? "length" : "rank"; }

std::string what_is_ordered(run::SentenceOrder order, bool has_source) {
  return fmt::format("{} of the {}", order == run::SentenceOrder::length ? "words" : "mean frequency rank of the words",
                     has_source ? "source" : "reference");
}

study::Grid group_table(const run::GroupedSentences& grouped, const metrics::MetricKind& kind, bool two,
                        bool has_source) {
  study::Grid grid{fmt::format("{}, by {}", title_of(kind), what_is_ordered(grouped.order, has_source)),
                   {"from", "to", "sentences", "A", "95 % interval"},
                   {}};
  if (two) grid.head = {"from", "to", "sentences", "A", "B", "B - A", "95 % interval"};
  for (const auto& group : grouped.groups) {
    const auto& test = group.tests.front();
    auto& row =
        grid.rows.emplace_back(std::vector{fmt::format("{:.0f}", group.least), fmt::format("{:.0f}", group.most),
                                           format_count(group.sentences), number(kind, test.first.value)});
    if (two) {
      row.insert(row.end(), {number(kind, test.second.value), signed_number(kind, test.difference.value),
                             interval(kind, test.difference.interval, true)});
    } else {
      row.push_back(interval(kind, test.first.interval, false));
    }
  }
  return grid;
}

void print_examples(std::ostream& out, const std::string& title, const std::vector<run::ComparedSentence>& sentences,
                    const metrics::MetricKind& kind) {
  if (sentences.empty()) return;
  out << fmt::format("\nLines on which {} is furthest ahead, by {}\n", title, kind.title);
  for (const auto& each : sentences) {
    out << fmt::format("\nline {}\n", each.line);
    if (!each.source.empty()) out << fmt::format("  source     {}\n", each.source);
    for (const auto& reference : each.references) out << fmt::format("  reference  {}\n", reference);
    out << fmt::format("  A {:>8} {}\n  B {:>8} {}\n", number(kind, each.first_figure), each.first,
                       number(kind, each.second_figure), each.second);
  }
}

ComparisonJson json_of(const metrics::ResampledFigure& figure) {
  return {{"value", figure.value}, {"low", figure.interval.low}, {"high", figure.interval.high}};
}

ComparisonJson json_of(const metrics::PairedTest& test, bool two) {
  ComparisonJson json{{"a", json_of(test.first)}};
  if (!two) return json;
  json["b"] = json_of(test.second);
  json["difference"] = json_of(test.difference);
  json["bootstrap"] = {{"p", test.bootstrap_p}, {"b_better", test.second_better}};
  json["randomization"] = {{"p", test.randomization_p}};
  json["sentences"] = {{"a_better", test.first_wins}, {"b_better", test.second_wins}, {"equal", test.equal}};
  return json;
}

ComparisonJson json_of(const std::vector<run::ComparedSentence>& sentences) {
  auto all = ComparisonJson::array();
  for (const auto& each : sentences) {
    all.push_back({{"line", each.line},
                   {"source", each.source},
                   {"references", each.references},
                   {"a", {{"text", each.first}, {"figure", each.first_figure}}},
                   {"b", {{"text", each.second}, {"figure", each.second_figure}}}});
  }
  return all;
}

ComparisonJson json_of(const run::GroupedSentences& grouped, const run::Comparison& comparison, bool two,
                       bool has_source) {
  auto groups = ComparisonJson::array();
  for (const auto& group : grouped.groups) {
    ComparisonJson metrics;
    for (std::size_t i = 0; i < group.tests.size(); ++i)
      metrics[std::string(comparison.metrics[i]->name)] = json_of(group.tests[i], two);
    groups.push_back({{"from", group.least},
                      {"to", group.most},
                      {"mean", group.mean},
                      {"sentences", group.sentences},
                      {"metrics", metrics}});
  }
  return {{"by", name_of(grouped.order)}, {"of", has_source ? "source" : "reference"}, {"groups", groups}};
}

}  // namespace

void print_comparison(std::ostream& out, const run::Comparison& comparison, const run::CompareFiles& files,
                      const run::CompareOptions& options) {
  const bool two = files.second.has_value();
  const auto line = [&out](const char* name, const std::string& text) {
    out << fmt::format("{:<11} {}\n", name, text);
  };
  out << to_text(main_table(comparison, two));
  if (std::any_of(comparison.metrics.begin(), comparison.metrics.end(),
                  [](const auto* kind) { return !kind->higher_is_better; }))
    out << "* lower is better\n";
  const auto& first = *comparison.metrics.front();
  for (const auto& grouped : comparison.grouped)
    out << '\n' << to_text(group_table(grouped, first, two, files.source.has_value()));
  print_examples(out, "B", comparison.second_wins, first);
  print_examples(out, "A", comparison.first_wins, first);
  out << '\n';
  line("A", files.first.string());
  if (two) line("B", files.second->string());
  line("text", fmt::format("{}, at most {} each", format_count(comparison.sentences, "sentence"),
                           format_count(comparison.most_references, "reference")));
  line("samples", fmt::format("{} of sentences{}, seed {}", format_count(options.resampling.samples, "set"),
                              two ? " and as many exchanges" : "", options.resampling.seed));
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i)
    out << fmt::format("{}: {}\n", comparison.metrics[i]->title, comparison.signatures[i]);
}

void print_comparison_json(std::ostream& out, const run::Comparison& comparison, const run::CompareFiles& files,
                           const run::CompareOptions& options) {
  const bool two = files.second.has_value();
  ComparisonJson json{{"a", files.first.string()}};
  if (two) json["b"] = files.second->string();
  json["sentences"] = comparison.sentences;
  json["most_references"] = comparison.most_references;
  json["samples"] = options.resampling.samples;
  json["seed"] = options.resampling.seed;
  json["level"] = options.resampling.level;
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i) {
    const auto& kind = *comparison.metrics[i];
    auto figures = json_of(comparison.tests[i], two);
    figures["a"]["text"] = comparison.first_texts[i];
    if (two) figures["b"]["text"] = comparison.second_texts[i];
    figures["title"] = kind.title;
    figures["higher_is_better"] = kind.higher_is_better;
    figures["signature"] = comparison.signatures[i];
    json["metrics"][std::string(kind.name)] = figures;
  }
  if (two)
    json["examples"] = {{"b_better", json_of(comparison.second_wins)}, {"a_better", json_of(comparison.first_wins)}};
  json["by"] = ComparisonJson::array();
  for (const auto& grouped : comparison.grouped)
    json["by"].push_back(json_of(grouped, comparison, two, files.source.has_value()));
  out << json.dump(2, ' ', false, ComparisonJson::error_handler_t::replace) << '\n';
}

}  // namespace seq2seq::cli
