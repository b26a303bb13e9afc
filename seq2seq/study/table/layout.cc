#include "seq2seq/study/table/layout.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/metrics/bleu.h"

namespace seq2seq::study {

namespace {

std::string p_text(const std::optional<double>& p) {
  constexpr double smallest = 0.001;
  if (!p) return "";
  return *p < smallest ? "< 0.001" : fmt::format("{:.3f}", *p);
}

std::string mean_text(const MetricFigures& figures, int digits) {
  const auto mean = fmt::format("{:.{}f}", figures.mean.value, digits);
  return figures.deviation ? fmt::format("{} ± {:.{}f}", mean, *figures.deviation, digits) : mean;
}

std::string difference_text(const metrics::Estimate& difference, int digits, bool informative) {
  const auto value = fmt::format("{:+.{}f}", difference.value, digits);
  const auto interval = difference.interval();
  if (!interval) return value;
  if (!informative) return value + " [too few runs]";
  return fmt::format("{} [{:+.{}f}, {:+.{}f}]", value, interval->low, digits, interval->high, digits);
}

/// Returns false for an interval around 0 that is as wide as the metric's whole range, as Student's t gives with two
/// runs.
bool is_informative(const metrics::Estimate& difference, const std::string& metric, double mean) {
  constexpr double points = 100;  // for percent, and for BLEU
  const double reference_mean = mean - difference.value;
  const double widest = metric == "perplexity" ? 2 * std::max(mean, reference_mean) : points;
  const auto interval = difference.interval();
  return !interval || interval->low > 0 || interval->high < 0 || interval->high - interval->low < widest;
}

std::vector<std::string> metric_row(const TableLine& line, size_t metric, const std::string& name) {
  const int digits = shown_digits(name);
  std::vector<std::string> row{line.cell, fmt::format("{}/{}", line.records.size(), line.wanted), "", "", "", "", ""};
  if (line.metrics.empty()) return row;
  const auto& figures = line.metrics[metric];
  row[2] = mean_text(figures, digits);
  if (line.reference) {
    row[3] = "reference";
  } else if (figures.difference) {
    const bool informative = is_informative(*figures.difference, name, figures.mean.value);
    row[3] = difference_text(*figures.difference, digits, informative);
    row[4] = p_text(figures.difference->p_value());
    const auto detectable = figures.difference->detectable();
    if (detectable && informative) row[5] = fmt::format("{:.{}f}", *detectable, digits);
  }
  if (figures.published) row[6] = fmt::format("{:g}", *figures.published);
  return row;
}

/// Returns true if BLEU is among the metrics and the targets of some row are too short for it.
bool lacks_four_grams(const StudyTable& table) {
  if (std::find(table.metrics.begin(), table.metrics.end(), "bleu") == table.metrics.end()) return false;
  return std::any_of(table.lines.begin(), table.lines.end(), [](const TableLine& line) {
    return std::any_of(line.records.begin(), line.records.end(), [](const auto& record) {
      metrics::BleuCounts counts;
      for (const auto& sentence : record->sentences) counts += sentence.bleu;
      return metrics::lacks_four_grams(counts, std::ssize(record->sentences));
    });
  });
}

void drop_last_if_empty(Grid& grid) {
  if (std::any_of(grid.rows.begin(), grid.rows.end(), [](const auto& row) { return !row.back().empty(); })) return;
  grid.head.pop_back();
  for (auto& row : grid.rows) row.pop_back();
}

Grid cost_grid(const StudyTable& table) {
  Grid grid{.title = "Cost of a run, mean over runs",
            .head = {"row", "parameters", "updates", "words/s", "training", "operations", "gradient norm", "largest"},
            .rows = {}};
  for (const auto& line : table.lines) {
    if (line.records.empty()) continue;
    const auto mean = [&line](double (*value)(const Record&)) { return line.mean_of(value); };
    grid.rows.push_back(
        {line.cell, format_count(line.records.front()->parameters_in_all()),
         format_count(std::llround(mean([](const Record& r) { return static_cast<double>(r.training.updates); }))),
         format_count(std::llround(mean([](const Record& r) { return r.training.words_per_second; }))),
         format_duration(mean([](const Record& r) { return r.training.seconds; })),
         fmt::format("{:.2e}", mean([](const Record& r) { return r.operations; })),
         fmt::format("{:.3g}", mean([](const Record& r) { return r.training.mean_norm; })),
         fmt::format("{:.3g}", mean([](const Record& r) { return r.training.largest_norm; }))});
  }
  return grid;
}

std::string number_text(double value) { return fmt::format("{}", value); }

std::vector<std::string> long_row(const TableLine& line, const std::string& metric, const MetricFigures& figures) {
  const auto optional = [](const std::optional<double>& value) { return value ? number_text(*value) : std::string(); };
  const auto own = possible_interval(metric, figures.mean);
  std::vector<std::string> row{line.cell,
                               metric,
                               std::to_string(line.records.size()),
                               number_text(figures.mean.value),
                               optional(figures.deviation),
                               own ? number_text(own->low) : "",
                               own ? number_text(own->high) : ""};
  if (figures.difference) {
    const auto interval = figures.difference->interval();
    row.insert(row.end(), {number_text(figures.difference->value), interval ? number_text(interval->low) : "",
                           interval ? number_text(interval->high) : "", optional(figures.difference->p_value()),
                           optional(figures.difference->detectable()), line.paired ? "seeds" : "none"});
  } else {
    row.insert(row.end(), {"", "", "", "", "", ""});
  }
  row.insert(row.end(), {optional(figures.published), std::to_string(line.records.front()->parameters_in_all()),
                         number_text(line.mean_of([](const Record& r) { return r.training.words_per_second; })),
                         number_text(line.mean_of([](const Record& r) { return r.training.seconds; })),
                         number_text(line.mean_of([](const Record& r) { return r.operations; })),
                         number_text(line.mean_of([](const Record& r) { return r.training.mean_norm; })),
                         number_text(line.mean_of([](const Record& r) { return r.training.largest_norm; }))});
  return row;
}

}  // namespace

std::vector<Grid> layout(const StudyTable& table) {
  std::vector<Grid> grids;
  for (size_t metric = 0; metric < table.metrics.size(); ++metric) {
    Grid grid{.title = metric_title(table.metrics[metric]),
              .head = {"row", "runs", "mean ± sd", "difference [95 %]", "p", "detectable", "published"},
              .rows = {}};
    for (const auto& line : table.lines) grid.rows.push_back(metric_row(line, metric, table.metrics[metric]));
    drop_last_if_empty(grid);  // no published figures
    grids.push_back(std::move(grid));
  }
  grids.push_back(cost_grid(table));
  return grids;
}

std::vector<std::string> notes(const StudyTable& table) {
  std::vector<std::string> notes;
  std::set<std::string> machines, programs;
  std::set<size_t> sentences;
  bool paired = false, several = false;
  for (const auto& line : table.lines) {
    paired = paired || line.paired;
    several = several || line.records.size() > 1;
    for (const auto& record : line.records) {
      machines.insert(fmt::format("{} ({}, {})", record->processor, record->machine.device,
                                  format_count(record->machine.threads, "thread")));
      programs.insert(fmt::format("{} ({})", record->program, record->commit));
      sentences.insert(record->sentences.size());
    }
  }
  if (!sentences.empty()) notes.push_back(fmt::format("Test sentences: {}.", fmt::join(sentences, ", ")));
  if (several) {
    notes.push_back(
        "sd: over seeds. Intervals and p: Student's t over seeds and sentences (variance of the seeds over the number "
        "of runs, plus that of a sentence bootstrap; degrees of freedom after Satterthwaite)" +
        std::string(paired ? "; seeds are paired if rows have the same initial parameters and order of the data."
                           : "."));
    notes.push_back(
        "detectable: the smallest true difference that this number of runs would find at 5 % in 80 % of cases.");
  } else if (!sentences.empty()) {
    notes.push_back("One run per row: the variance over seeds is unknown, so there are no intervals.");
  }
  if (std::ranges::any_of(table.lines, [](const auto& line) { return line.ensemble; })) {
    notes.push_back("An ensemble is one system: its interval is over sentences only (bootstrap), not over seeds.");
  }
  if (lacks_four_grams(table)) notes.push_back(fmt::format("BLEU: {}.", metrics::without_four_grams));
  if (!table.published_in.empty()) notes.push_back(fmt::format("Published figures: {}.", table.published_in));
  if (!machines.empty())
    notes.push_back(fmt::format("Trained by seq2seq {} on {}.", fmt::join(programs, ", "), fmt::join(machines, "; ")));
  if (const auto without = table.missing - table.again; without > 0)
    notes.push_back(fmt::format("Missing: {} without a record.", format_count(without, "run")));
  if (table.again > 0)
    notes.push_back(
        fmt::format("Missing: {} to be trained again (`study run --retrain`).", format_count(table.again, "run")));
  return notes;
}

Grid long_layout(const StudyTable& table) {
  Grid grid{.title = table.question,
            .head = {"row",
                     "metric",
                     "runs",
                     "mean",
                     "sd",
                     "mean_low",
                     "mean_high",
                     "difference",
                     "difference_low",
                     "difference_high",
                     "p",
                     "detectable",
                     "paired",
                     "published",
                     "parameters",
                     "words_per_second",
                     "seconds",
                     "operations",
                     "gradient_norm",
                     "largest_gradient_norm"},
            .rows = {}};
  for (const auto& line : table.lines) {
    for (size_t i = 0; i < line.metrics.size(); ++i)
      grid.rows.push_back(long_row(line, table.metrics[i], line.metrics[i]));
  }
  return grid;
}

}  // namespace seq2seq::study
