#include "seq2seq/study/table/study_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include "seq2seq/config/resolved.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/run/metric_names.h"

namespace seq2seq::study {

namespace {

constexpr uint64_t table_seed = 1;

struct Cell {
  TableLine line;
  size_t row = 0;
  std::vector<size_t> points;
  std::shared_ptr<const run::Configuration> configuration;
  std::string test;                                       // SHA-256 of the test set of its records
  std::vector<std::vector<metrics::RunFigures>> figures;  // by metric, by record
};

metrics::RunFigures run_figures(const Record& record, const std::string& metric) {
  const double factor = shown_factor(metric);
  const auto sentences = std::ssize(record.sentences);
  const auto figure = [&](std::span<const int64_t> chosen) {
    return factor * figure_of(metric, record.sentences, chosen);
  };
  return {factor * record.figure(metric), metrics::bootstrap(sentences, table_sets, table_seed, figure)};
}

/// Groups the runs of the plan by cell, in their order.
std::vector<Cell> gather(const StudyPlan& plan) {
  std::vector<Cell> cells;
  for (const auto& planned : plan.planned) {
    if (cells.empty() || cells.back().line.cell != planned.run.cell) {
      cells.push_back(
          {.line = {.cell = planned.run.cell, .ensemble = !planned.members.empty(), .records = {}, .metrics = {}},
           .row = planned.run.row,
           .points = planned.run.points,
           .configuration = planned.configuration,
           .test = {},
           .figures = {}});
    }
    auto& cell = cells.back();
    ++cell.line.wanted;
    if (!planned.record) continue;
    cell.line.records.push_back(planned.record);
    cell.test = planned.record->identity.test.sha256;
  }
  return cells;
}

std::optional<double> deviation_of(const std::vector<metrics::RunFigures>& runs) {
  if (runs.size() < 2) return std::nullopt;
  std::vector<double> figures;
  for (const auto& run : runs) figures.push_back(run.figure);
  const double deviation = std::sqrt(metrics::variance(figures).value);
  return std::isfinite(deviation) ? std::optional(deviation) : std::nullopt;  // a run diverged
}

std::vector<uint64_t> seeds_of(const TableLine& line) {
  std::vector<uint64_t> seeds;
  for (const auto& record : line.records) seeds.push_back(record->seed);
  return seeds;
}

void measure_cell(Cell& cell, const StudySpec& spec) {
  if (cell.line.records.empty()) return;
  for (const auto& metric : spec.metrics) {
    auto& runs = cell.figures.emplace_back();
    for (const auto& record : cell.line.records) runs.push_back(run_figures(*record, metric));
    const auto& published = spec.rows[cell.row].published;
    const auto found = published.find(metric);
    const auto sentences = std::ssize(cell.line.records.front()->sentences);
    cell.line.metrics.push_back({.mean = cell.line.ensemble ? metrics::estimate_of_system(runs.front(), sentences)
                                                            : metrics::estimate_mean(runs, sentences),
                                 .deviation = deviation_of(runs),
                                 .difference = {},
                                 .published = found == published.end() ? std::nullopt : std::optional(found->second)});
  }
}

metrics::Estimate negated(metrics::Estimate difference) {
  difference.value = -difference.value;
  return difference;
}

void compare_cells(Cell& cell, const Cell& reference) {
  if (cell.line.records.empty() || reference.line.records.empty() || cell.test != reference.test) return;
  cell.line.paired = !cell.line.ensemble && can_pair_by_seed(*cell.configuration, *reference.configuration) &&
                     seeds_of(cell.line) == seeds_of(reference.line);
  const auto pairing = cell.line.paired ? metrics::Pairing::by_seed : metrics::Pairing::none;
  const auto sentences = std::ssize(cell.line.records.front()->sentences);
  for (size_t i = 0; i < cell.figures.size(); ++i) {
    const auto& runs = cell.figures[i];
    const auto& others = reference.figures[i];
    const auto difference = cell.line.ensemble ? metrics::estimate_system_difference(runs.front(), others, sentences)
                            : reference.line.ensemble
                                ? negated(metrics::estimate_system_difference(others.front(), runs, sentences))
                                : metrics::estimate_difference(runs, others, sentences, pairing);
    if (std::isfinite(difference.value)) cell.line.metrics[i].difference = difference;  // otherwise a run diverged
  }
}

bool begins_with_any(std::string_view key, std::span<const std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [key](std::string_view head) { return key.starts_with(head); });
}

}  // namespace

double TableLine::mean_of(double (*value)(const Record&)) const {
  double sum = 0;
  for (const auto& record : records) sum += value(*record);
  return records.empty() ? 0 : sum / static_cast<double>(records.size());
}

bool can_pair_by_seed(const run::Configuration& a, const run::Configuration& b) {
  // Random draws depend on the seed, the shapes of the parameters and the pairs; batches also depend on the pairs'
  // lengths.
  constexpr std::array<std::string_view, 4> alike{"train.", "decode.", "metrics.", "data.reverse"};
  constexpr std::array<std::string_view, 1> not_alike{"train.batch"};
  const auto changes = config::compare(a.keys, b.keys);
  return std::all_of(changes.begin(), changes.end(), [&](const auto& change) {
    return begins_with_any(change.key, alike) && !begins_with_any(change.key, not_alike);
  });
}

std::optional<metrics::Estimate::Interval> possible_interval(const std::string& metric, const metrics::Estimate& mean) {
  auto interval = mean.interval();
  if (!interval) return interval;
  const bool counts_from_one = metric.ends_with("perplexity");
  const auto* kind = metrics::find_metric(metric);
  const bool bounded = kind != nullptr ? kind->higher_is_better : metric != "token_error_rate";
  const double least = counts_from_one ? 1 : 0;
  const double most = counts_from_one || !bounded ? interval->high : 100;
  return metrics::Estimate::Interval{std::max(interval->low, least), std::min(interval->high, most)};
}

double shown_factor(const std::string& metric) {
  constexpr double percent = 100;
  return metric == "exact_match" || metric.ends_with("_rate") ? percent : 1;
}

int shown_digits(const std::string& metric) { return metric.ends_with("perplexity") ? 3 : 2; }

std::string metric_title(const std::string& metric) {
  const auto* kind = metrics::find_metric(metric);
  std::string title(kind == nullptr || kind->share ? metric : kind->title);
  std::replace(title.begin(), title.end(), '_', ' ');
  if (shown_factor(metric) > 1) title += " in percent";
  return title + (run::higher_is_better(metric) ? ", higher is better" : ", lower is better");
}

StudyTable make_table(const StudyPlan& plan) {
  auto cells = gather(plan);
  for (auto& cell : cells) measure_cell(cell, plan.spec);
  std::map<std::vector<size_t>, const Cell*> references;
  for (auto& cell : cells) {
    if (cell.row != plan.spec.reference) continue;
    cell.line.reference = true;
    references[cell.points] = &cell;
  }
  StudyTable table{.question = plan.spec.question,
                   .scale = plan.scale.named ? plan.scale.name : "",
                   .published_in = plan.spec.published_in,
                   .gap = plan.spec.gap,
                   .metrics = plan.spec.metrics,
                   .lines = {},
                   .missing = 0,
                   .again = std::ranges::count_if(
                       plan.planned, [](const auto& planned) { return planned.again && !planned.record; })};
  for (auto& cell : cells) {
    const auto reference = references.find(cell.points);
    if (!cell.line.reference && reference != references.end()) compare_cells(cell, *reference->second);
  }
  for (auto& cell : cells) {
    table.missing += cell.line.wanted - std::ssize(cell.line.records);
    table.lines.push_back(std::move(cell.line));
  }
  return table;
}

}  // namespace seq2seq::study
