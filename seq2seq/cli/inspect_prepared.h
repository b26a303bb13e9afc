#pragma once

#include <iosfwd>

#include "seq2seq/data/prepare/prepared_folder.h"

namespace seq2seq::cli {

/// Prints a description of prepared text: counts, pairs left out, lengths, coverage of vocabularies, sample pairs.
void inspect_prepared(std::ostream& out, const data::PreparedFolder& folder);

}  // namespace seq2seq::cli
