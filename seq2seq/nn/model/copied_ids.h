#pragma once

#include "seq2seq/data/copied_words.h"
#include "seq2seq/nn/model/model.h"

namespace seq2seq::nn {

/// The ids of a model that copies. Ids of either side may lie beyond its vocabulary, numbered by data::ExtendedIds.
/// Results are on the device of the given ids, the embeddings' device, and keep the copy of the ids on the host.
class CopiedIds {
 public:
  /// `extended`: whether words beyond the target's vocabulary can be copied. If they cannot, throws UsageError unless
  /// some source word is also a target word.
  CopiedIds(const ModelContext& context, bool extended);

  /// Source ids as the encoder reads them: words beyond its vocabulary become the unknown word.
  Packed read(const Packed& source) const;
  /// The target ids of source words.
  Packed copied(const Packed& packed) const;
  /// Target ids as the decoder reads them.
  Packed written(const Packed& target) const;

 private:
  data::ExtendedIds sizes_;
  Ids target_of_source_;  // [S] beside the embeddings; undefined: both sides have the same ids
};

}  // namespace seq2seq::nn
