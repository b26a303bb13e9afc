#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/data/input/alignment_reader.h"
#include "seq2seq/data/packed.h"
#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::data {

/// Converts a link to a token of a store, and back.
inline int64_t stored_link(const Link& link) { return link.source << 16 | link.target; }
inline Link link_of(int64_t stored) { return {.source = stored >> 16, .target = stored & 0xFFFF}; }
std::vector<int64_t> stored_links(const std::vector<Link>& links);

/// Word alignment of one pair: its links, and its tokens on either side.
struct AlignedPair {
  std::vector<Link> links;
  int64_t source_tokens = 0, target_tokens = 0;
};

/// Returns [N, S], float32: for each target row of a batch, in packed order of `targets`, the share of each position of
/// its source, as the encoder reads it: 1 / (number of links of the row) at linked positions, otherwise 0. S is the
/// length of the longest source.
at::Tensor reference_attention(const std::vector<AlignedPair>& pairs, const Layout& source, const Layout& targets,
                               const TextPipeline& text);

}  // namespace seq2seq::data
