#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/prepare/prepare.h"

namespace seq2seq::data {

/// Prepared text as training reads it: mapped files, not copies in memory.
struct Prepared {
  Summary summary;
  Corpus corpus;
  text::Vocabulary source_vocabulary, target_vocabulary;
  std::vector<text::Vocabulary> factors;  // the values of each factor of the source
  TokenizerModels models;
};
/// `form`: of the source. Throws Error naming the options if the folder was made with others, and FormatError if it is
/// damaged.
Prepared open_prepared(const PreparedFolder& folder, const PrepareKeys& keys, const SourceForm& form = {});

/// Returns true if every file can be read and matches the summary.
bool is_intact(const PreparedFolder& folder, const Summary& summary, const SourceForm& form);

/// Returns all words of a side, by the ids of its tokens before renumbering.
text::Vocabulary open_words(const PreparedFolder::Side& side, const SideSummary& summary);

/// Returns the values of each factor of the source. Throws FormatError if the words are damaged.
std::vector<text::Vocabulary> open_factors(const PreparedFolder& folder, const Summary& summary);

/// Returns the summary of the folder. Throws Error if it is not a folder of prepared text.
Summary read_summary(const PreparedFolder& folder);

}  // namespace seq2seq::data
