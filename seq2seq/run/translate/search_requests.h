#pragma once

#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/translate/request_reader.h"

namespace seq2seq::run {

/// Outputs of each source, best first.
using Outputs = std::vector<std::vector<decode::Hypothesis>>;

/// Returns the outputs of the requests without a fault. If `decode.empty_source` says so, an empty source without
/// constraints is not searched and has one empty output. A sentence that cannot have all its phrases gets its best
/// output without them.
Outputs search_requests(const RequestBatch& batch, const LoadedRun& run, const decode::Done& done);

}  // namespace seq2seq::run
