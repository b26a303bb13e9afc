#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq2seq/nn/placement.h"
#include "seq2seq/parallel/plan/predict.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Properties of a configuration for the planner.
struct PlanSubject {
  int64_t source_words = 0, target_words = 0;  // sizes of the vocabularies, specials included
  // Means of the text, end symbols included; 0: the text was not read. The source is always 0 for a language model.
  int64_t source_steps = 0, target_steps = 0;
  int64_t longest = 0;           // steps of the longer side
  int64_t sentences = 0;         // in a batch with such lengths
  double state_bytes = 0;        // of the optimizer, per parameter
  std::vector<int64_t> factors;  // number of values of each factor of the source, specials included
  parallel::Outline outline;
};

/// Reads the text only if the sizes of the vocabularies are not configured, or if the source has factors. `steps`:
/// length of a sentence, of which a source may have several; no value: mean of the text, or 25. Throws UsageError if
/// the text is needed but missing.
PlanSubject plan_subject(const Configuration& configuration, std::optional<int64_t> steps,
                         const Environment& environment);

/// Converts a placement to the planner's terms. Entries that name the same device share a number, in order of
/// appearance. `one_device`: all places share device 0.
parallel::Layout layout_of(const nn::Placement& placement, int64_t words, bool one_device);

/// Converts a configured placement to a plan for this hardware.
parallel::Plan plan_of(const PlacementOptions& how, const nn::Placement& placement, const parallel::Hardware& hardware,
                       int64_t words);

parallel::BatchSize batch_of(const PlanSubject& subject);

}  // namespace seq2seq::run
