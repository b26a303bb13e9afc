#pragma once

#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Reads the training text once and writes tokens and words of both sides into the folder. Returns the summary, without
/// vocabularies and not yet written. Throws Error for text that is invalid or changes meanwhile, and Interrupted.
Summary read_text(const PrepareJob& job, const PreparedFolder& folder);

}  // namespace seq2seq::data
