#pragma once

#include <string>

#include "seq2seq/core/error.h"
#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Returns a timeline as a Chrome trace, for chrome://tracing and ui.perfetto.dev: one thread per place, times in
/// microseconds, the job's fields under `args`. `otherData` has all else that read_chrome_trace() needs.
std::string chrome_trace(const Timeline& timeline);

/// Reads the output of chrome_trace(). Throws FormatError with `file` if it is not JSON or not our trace, or if a field
/// is missing or has the wrong type.
Timeline read_chrome_trace(const std::string& text, const Place& file);

}  // namespace seq2seq::parallel
