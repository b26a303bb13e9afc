#pragma once

#include <sstream>
#include <string>

#include "seq2seq/run/translate.h"
#include "test/support/piecewise_source.h"

namespace seq2seq::test {

/// Returns the output of `translate` for a text.
inline std::string translation_of(const run::LoadedRun& run, const std::string& text,
                                  const run::TranslateOptions& options = {}) {
  std::ostringstream out;
  auto lines = line_reader(text);
  run::translate(run, lines, out, options);
  return out.str();
}

}  // namespace seq2seq::test
