#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/parallel/plan/memory.h"
#include "seq2seq/parallel/plan/search.h"
#include "seq2seq/parallel/plan/servers.h"

namespace seq2seq::run {

/// Sections of the output of `seq2seq plan`; each consists of lines that end in a line break.

std::string memory_report(const parallel::Outline& placed, const parallel::Layout& layout,
                          const std::vector<parallel::PlaceMemory>& memory, const parallel::Hardware& hardware);

std::string operations_report(const parallel::Prediction& prediction, const parallel::BatchSize& batch);

std::string update_report(const parallel::Prediction& prediction);

/// Bubble by chunk: for equal jobs, (L - 1) / (chunks of both sides + L - 1), and as simulated.
std::string chunk_report(const parallel::PredictionInput& input, const parallel::Plan& plan);

std::string search_report(const parallel::PredictionInput& input, const std::vector<parallel::Ranked>& ranked);

/// Speed-up of a plan over `single` by length, batch and chunk, and the points from which it is faster.
std::string break_even_report(const parallel::PredictionInput& input, const parallel::Plan& plan);

std::string servers_report(const parallel::PredictionInput& input, const parallel::Plan& plan, int64_t most);

/// Returns a note on the part that interrupts the wavefront, or an empty string.
std::string border_report(const parallel::Outline& placed);

}  // namespace seq2seq::run
