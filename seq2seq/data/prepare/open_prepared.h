#pragma once

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Prepared text as training reads it: mapped, not in memory.
struct Prepared {
  Summary summary;
  Corpus corpus;
  text::Vocabulary source_vocabulary, target_vocabulary;
  TokenizerModels models;
};
/// Throws Error when the folder was made by other options, saying which; FormatError when something in it is damaged.
Prepared open_prepared(const PreparedFolder& folder, const PrepareKeys& keys);

/// All words of a side, by the ids that its tokens had before they were renumbered.
text::Vocabulary open_words(const PreparedFolder::Side& side, const SideSummary& summary);

/// What the folder says of itself. Throws Error when it holds no prepared text.
Summary read_summary(const PreparedFolder& folder);

}  // namespace seq2seq::data
