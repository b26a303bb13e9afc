#pragma once

#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Writes the vocabularies that the options ask for, and which id in them each word of the folder has; then the
/// summary, which it completes. The text is not needed. Throws Error when no word is left, or a vocabulary named by the
/// options cannot be read.
void choose_vocabulary(const PrepareJob& job, const PreparedFolder& folder, Summary& summary);

}  // namespace seq2seq::data
