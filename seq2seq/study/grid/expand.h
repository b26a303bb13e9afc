#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/study/grid/spec.h"

namespace seq2seq::study {

/// One run of a study: a row at a point of every axis, with one seed.
struct StudyRun {
  size_t row = 0;
  std::vector<size_t> points;  // index of the point on each axis
  std::string cell;            // `reversed, model.encoder.layers=2`
  uint64_t seed = 0;
  std::filesystem::path base;
  Settings settings;                // of scale, row, axes and seed, in this order; later ones win
  std::vector<StudyRun> members{};  // of an ensemble: the runs that write together; it has the seed of the first
};

/// Returns the scale of this name, or the only one if the name is empty. Throws UsageError with the known names.
const StudyScale& find_scale(const StudySpec& spec, const std::string& name);

/// Returns all runs at a scale, ordered by row, then point, then seed.
std::vector<StudyRun> expand(const StudySpec& spec, const StudyScale& scale);

}  // namespace seq2seq::study
