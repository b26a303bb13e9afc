#include "seq2seq/study/grid/expand.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"

namespace seq2seq::study {

namespace {

void append(Settings& settings, const Settings& more) { settings.insert(settings.end(), more.begin(), more.end()); }

/// Returns every combination of one point per axis, with the last axis varying fastest; one empty combination if there
/// are no axes.
std::vector<std::vector<size_t>> choices(const std::vector<StudyAxis>& axes) {
  std::vector<std::vector<size_t>> all{{}};
  for (const auto& axis : axes) {
    std::vector<std::vector<size_t>> longer;
    for (const auto& choice : all) {
      for (size_t point = 0; point < axis.points.size(); ++point) {
        longer.push_back(choice);
        longer.back().push_back(point);
      }
    }
    all = std::move(longer);
  }
  return all;
}

StudyRun cell_of(const StudySpec& spec, const StudyScale& scale, size_t row, const std::vector<size_t>& points) {
  const auto& own = spec.rows[row];
  StudyRun run{.row = row, .points = points, .cell = own.name, .base = scale.base, .settings = scale.settings};
  if (own.ensemble) append(run.settings, std::ranges::find(spec.rows, own.ensemble->row, &StudyRow::name)->settings);
  append(run.settings, own.settings);
  for (size_t axis = 0; axis < points.size(); ++axis) {
    const auto& point = spec.axes[axis].points[points[axis]];
    run.cell += ", " + point.name;
    append(run.settings, point.settings);
  }
  return run;
}

StudyRun with_seed(StudyRun cell, uint64_t seed) {
  cell.seed = seed;
  cell.settings.push_back({fmt::format("seed {}", seed), "seed", std::to_string(seed)});
  return cell;
}

StudyRun ensemble_of(const StudySpec& spec, const StudyScale& scale, const StudyRun& cell) {
  const auto& ensemble = *spec.rows[cell.row].ensemble;
  const auto member = std::ranges::find(spec.rows, ensemble.row, &StudyRow::name) - spec.rows.begin();
  const auto trained = cell_of(spec, scale, static_cast<size_t>(member), cell.points);
  auto run = with_seed(cell, ensemble.seeds.front());
  for (const uint64_t seed : ensemble.seeds) run.members.push_back(with_seed(trained, seed));
  return run;
}

}  // namespace

const StudyScale& find_scale(const StudySpec& spec, const std::string& name) {
  if (name.empty() && spec.scales.size() == 1) return spec.scales.front();
  if (spec.scales.size() == 1 && !spec.scales.front().named)
    throw UsageError(Place{.part = "--scale " + name}, fmt::format("{} has no scales", spec.file.string()),
                     "Leave the option out");
  std::vector<std::string> names;
  for (const auto& scale : spec.scales) {
    if (scale.name == name) return scale;
    names.push_back(scale.name);
  }
  throw UsageError(Place{.part = name.empty() ? "" : "--scale " + name},
                   fmt::format("{} has the scales `{}`", spec.file.string(), fmt::join(names, "`, `")),
                   "Choose one with `--scale`");
}

std::vector<StudyRun> expand(const StudySpec& spec, const StudyScale& scale) {
  std::vector<StudyRun> runs;
  for (size_t row = 0; row < spec.rows.size(); ++row) {
    for (const auto& points : choices(spec.axes)) {
      const auto cell = cell_of(spec, scale, row, points);
      if (spec.rows[row].ensemble) {
        runs.push_back(ensemble_of(spec, scale, cell));
        continue;
      }
      for (const uint64_t seed : scale.seeds) runs.push_back(with_seed(cell, seed));
    }
  }
  return runs;
}

}  // namespace seq2seq::study
