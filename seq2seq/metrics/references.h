#pragma once

#include <string>
#include <vector>

namespace seq2seq::metrics {

/// references[sentence][i]: the lines that a sentence may be compared with, one at least. What is missing is not there,
/// so one sentence may have fewer than another.
using References = std::vector<std::vector<std::string>>;

/// The lines of the reference files, sentence by sentence. The first file has a line for each; an empty line of the
/// others means that they have no reference for this sentence. Throws Error when their numbers of lines differ.
References references_by_sentence(const std::vector<std::vector<std::string>>& files);

}  // namespace seq2seq::metrics
