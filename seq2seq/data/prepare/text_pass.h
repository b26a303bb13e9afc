#pragma once

#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Reads the training text once and writes tokens and words of both sides into the folder. What it returns says nothing
/// of vocabularies yet and is not written. Throws Error for text that cannot be used or that changes meanwhile, and
/// Interrupted.
Summary read_text(const PrepareJob& job, const PreparedFolder& folder);

}  // namespace seq2seq::data
