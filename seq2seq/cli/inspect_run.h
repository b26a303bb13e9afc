#pragma once

#include <iosfwd>

#include "seq2seq/core/run_folder.h"

namespace seq2seq::cli {

/// What a run is, how far it has come and how well it does, for people.
void inspect_run(std::ostream& out, const RunFolder& folder);

}  // namespace seq2seq::cli
