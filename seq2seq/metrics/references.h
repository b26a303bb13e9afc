#pragma once

#include <string>
#include <vector>

namespace seq2seq::metrics {

/// references[sentence][i]: the lines with which a sentence may be compared, at least one. Sentences may have different
/// numbers of references.
using References = std::vector<std::vector<std::string>>;

}  // namespace seq2seq::metrics
