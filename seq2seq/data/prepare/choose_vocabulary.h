#pragma once

#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Writes the vocabularies that the options require and the id of each word of the folder, then completes and writes
/// the summary. Does not need the text. Throws Error if no word is left, or if a vocabulary file of the options cannot
/// be read.
void choose_vocabulary(const PrepareJob& job, const PreparedFolder& folder, Summary& summary);

}  // namespace seq2seq::data
