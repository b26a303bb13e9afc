#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/parallel/plan/memory.h"
#include "seq2seq/parallel/plan/search.h"
#include "seq2seq/parallel/plan/servers.h"

namespace seq2seq::run {

/// The sections of what `seq2seq plan` prints: each some lines that end in a line break.

std::string memory_report(const parallel::Outline& placed, const parallel::Layout& layout,
                          const std::vector<parallel::PlaceMemory>& memory, const parallel::Hardware& hardware);

std::string operations_report(const parallel::Prediction& prediction, const parallel::BatchSize& batch);

std::string update_report(const parallel::Prediction& prediction);

/// The bubble by chunk: of equal jobs, (L - 1) / (chunks of both sides + L - 1), and simulated.
std::string chunk_report(const parallel::Question& question, const parallel::Plan& plan);

std::string search_report(const parallel::Question& question, const std::vector<parallel::Ranked>& ranked);

/// How much faster than `single` a plan is by length, batch and chunk, and from where on.
std::string pays_report(const parallel::Question& question, const parallel::Plan& plan);

std::string servers_report(const parallel::Question& question, const parallel::Plan& plan, int64_t most);

/// A note on what keeps the wavefront from reaching the whole model; empty: nothing does.
std::string border_report(const parallel::Outline& placed);

}  // namespace seq2seq::run
