#pragma once

#include <string>

#include "seq2seq/core/error.h"
#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// A timeline as a Chrome trace, which chrome://tracing and ui.perfetto.dev show: a thread a place, times in
/// microseconds, the job's fields under `args`. `otherData` holds what read_chrome_trace() needs besides.
std::string chrome_trace(const Timeline& timeline);

/// Reads what chrome_trace() wrote. Throws FormatError with `file`: not JSON, not our trace, a field that is missing or
/// of another type.
Timeline read_chrome_trace(const std::string& text, const Place& file);

}  // namespace seq2seq::parallel
