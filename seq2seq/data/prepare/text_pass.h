#pragma once

#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Reads the training text once and writes tokens and words of both sides into the folder. Returns the summary, without
/// vocabularies; does not write it. Throws Error for text that is invalid or changes while it is read, and Interrupted.
Summary read_text(const PrepareJob& job, const PreparedFolder& folder);

}  // namespace seq2seq::data
