#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"

namespace seq2seq::study {

/// Configuration keys set by a study; messages name their place in its file.
using Settings = std::vector<config::Override>;

/// Runs of another row that write together.
struct StudyEnsemble {
  std::string row;
  std::vector<uint64_t> seeds;  // one run each
  bool operator==(const StudyEnsemble&) const = default;
};

/// A line of the table: the keys that it sets, and published figures by metric.
struct StudyRow {
  std::string name;
  Settings settings;
  std::map<std::string, double> published;
  std::optional<StudyEnsemble> ensemble;  // if set, `settings` are keys of `decode` and `metrics`
  Place place;
};

/// Every row is combined with each of the points: values of one key, or of several keys that change together.
struct StudyAxis {
  struct Point {
    std::string name;  // `model.encoder.layers=2`, or from `names`
    Settings settings;
  };
  std::vector<Point> points;
};

/// The study at one size.
struct StudyScale {
  std::string name;            // `table` in a study without scales
  std::filesystem::path base;  // the configuration that rows and axes change
  Place base_place;            // place of `base` in the file
  Settings settings;
  std::vector<uint64_t> seeds;
  Place place;
  bool named = true;  // false: the study has no scales
};

/// One question, one table: `experiments/PAPER/TABLE.yaml`.
///
///   question: Does reversing the source help, and by how much?
///   base: ../../configs/sutskever2014.yaml            # relative to this file
///   scales:                                           # one of them is selected; optional
///     paper: {}
///     small: {base: ../../configs/debian-en-fr.yaml, seeds: [1, 2, 3]}
///   seeds: [1, 2, 3, 4, 5]
///   rows:
///     - {name: forward,  set: {data.reverse: none},   published: {perplexity: 5.8}}
///     - {name: reversed, set: {data.reverse: source}, published: {perplexity: 4.7}}
///     - {name: five, ensemble: {row: reversed, seeds: [1, 2, 3, 4, 5]}, set: {decode.beam: 2}}   # trains nothing new
///   axes:                                             # every row at every point; then no published figures
///     - {model.encoder.layers: [1, 2], model.decoder.layers: [1, 2]}    # these two change together
///     - {names: [clean, noisy], data.train.source: [a.en, b.en]}        # names of its points in the table
///   reference: forward                                # row to compare the others with; default: the first
///   metrics: [perplexity]
///   published_in: arXiv 1409.3215, section 3.3
///   gap: trained on a hundredth of the text            # why figures differ from the published ones; for the ledger
struct StudySpec {
  std::filesystem::path file;
  std::string question;
  std::vector<StudyScale> scales;
  std::vector<StudyRow> rows;
  std::vector<StudyAxis> axes;
  size_t reference = 0;  // index into `rows`
  std::vector<std::string> metrics;
  std::string published_in;
  std::string gap;  // why the figures differ from the published ones; for the ledger
};

/// Throws UsageError with all errors of the file itself, each with line and column. `check_configurations` in plan.h
/// checks the keys that it sets, as part of the configuration.
StudySpec read_study(const std::filesystem::path& file);
/// As above, from a text; `file` is its name in messages, and paths start from its folder.
StudySpec read_study_text(const std::string& text, const std::filesystem::path& file);

}  // namespace seq2seq::study
