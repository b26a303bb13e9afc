#pragma once

#include "seq2seq/data/copied_words.h"
#include "seq2seq/nn/model/model.h"

namespace seq2seq::nn {

/// The ids of a model that copies: those of either side may go on behind its vocabulary, as data::ExtendedIds numbers
/// them. Tensors come out on the device on which they go in.
class CopiedIds {
 public:
  /// `extended`: whether words beyond the target's vocabulary can be copied. Throws UsageError where otherwise no word
  /// of the source is one of the target.
  CopiedIds(const ModelContext& context, bool extended);

  /// Source ids as the encoder reads them: words beyond its vocabulary are the unknown one.
  Ids read(const Ids& source) const;
  /// The target ids of source words.
  Ids copied(const Ids& source) const;
  /// Target ids as the decoder reads them.
  Ids written(const Ids& target) const;

 private:
  data::ExtendedIds sizes_;
  Ids target_of_source_;  // [S] on the CPU; undefined: both sides have the same ids
};

}  // namespace seq2seq::nn
