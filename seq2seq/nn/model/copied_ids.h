#pragma once

#include "seq2seq/data/copied_words.h"
#include "seq2seq/nn/model/model.h"

namespace seq2seq::nn {

/// The ids of a model that copies: those of either side may extend beyond its vocabulary, as data::ExtendedIds numbers
/// them. Results are on the device of the ids given, which is that of the embeddings, and keep their copy on the host.
class CopiedIds {
 public:
  /// `extended`: whether words beyond the target's vocabulary can be copied. If not, throws UsageError if no source
  /// word is a target word.
  CopiedIds(const ModelContext& context, bool extended);

  /// Source ids as the encoder reads them: words beyond its vocabulary are the unknown word.
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
