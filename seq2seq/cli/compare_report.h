#pragma once

#include <iosfwd>

#include "seq2seq/run/compare.h"

namespace seq2seq::cli {

/// Prints a comparison as tables for people, or as JSON for programs (docs/comparing.md describes both).
void print_comparison(std::ostream& out, const run::Comparison& comparison, const run::CompareFiles& files,
                      const run::CompareOptions& options);
void print_comparison_json(std::ostream& out, const run::Comparison& comparison, const run::CompareFiles& files,
                           const run::CompareOptions& options);

}  // namespace seq2seq::cli
