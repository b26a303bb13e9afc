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
  std::vector<size_t> points;  // of each axis
  std::string cell;            // `reversed, model.encoder.layers=2`
  uint64_t seed = 0;
  std::filesystem::path base;
  Settings settings;                // of scale, row, axes and seed, in this order; a later one wins
  std::vector<StudyRun> members{};  // of an ensemble: the runs that write together; its seed is that of the first
};

/// Returns the scale of this name, or the only one if the name is empty. Throws UsageError with the known names.
const StudyScale& find_scale(const StudySpec& spec, const std::string& name);

/// Returns all runs at a scale: row by row, in each point by point, in each seed by seed.
std::vector<StudyRun> expand(const StudySpec& spec, const StudyScale& scale);

}  // namespace seq2seq::study
