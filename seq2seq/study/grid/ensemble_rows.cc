#include "seq2seq/study/grid/ensemble_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/text.h"
#include "seq2seq/run/run.h"

namespace seq2seq::study {

std::optional<StudyEnsemble> read_ensemble(SpecSection& row, const std::filesystem::path& folder,
                                           config::Faults& faults) {
  const auto* given = row.take("ensemble");
  if (given == nullptr) return std::nullopt;
  if (given->kind != config::Given::Kind::section) {
    faults.add(given->source, "`ensemble` is a section {row: ..., seeds: [...]}, found " + describe(*given));
    return std::nullopt;
  }
  SpecSection section(*given, row.name_of("ensemble"), folder, faults);
  StudyEnsemble ensemble{.row = section.required_text("row"), .seeds = {}};
  if (auto seeds = section.seeds("seeds"))
    ensemble.seeds = std::move(*seeds);
  else
    section.missing("seeds", "seeds of the runs in the ensemble");
  section.refuse_others();
  return ensemble;
}

void check_ensembles(const StudySpec& spec, config::Faults& faults) {
  for (const auto& row : spec.rows) {
    if (!row.ensemble || row.ensemble->row.empty()) continue;
    const auto fault = [&](const std::string& problem, const std::string& remedy) {
      faults.add({row.place}, fmt::format("row {} {}", quote(row.name), problem), remedy);
    };
    const auto member = std::ranges::find(spec.rows, row.ensemble->row, &StudyRow::name);
    if (member == spec.rows.end())
      fault(fmt::format("is an ensemble of {}, which is not a row", quote(row.ensemble->row)),
            "Name a row of the study");
    else if (member->ensemble)
      fault(fmt::format("is an ensemble of {}, which is an ensemble itself", quote(member->name)),
            "Name the row that is trained");
    if (row.ensemble->seeds.size() == 1) fault("is an ensemble of one run", "List at least two seeds");
    for (const auto& setting : row.settings) {
      if (run::of_outputs(setting.key)) continue;
      fault(fmt::format("is an ensemble, but sets {}", quote(setting.key)),
            "An ensemble trains nothing: set only keys of `decode` and `metrics`");
    }
  }
}

}  // namespace seq2seq::study
