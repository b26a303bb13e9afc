#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

/// Returns how often each word [V] of the target's vocabulary occurs in a text, counting each pair once: `<unk>` for
/// words that are not in the vocabulary, `</s>` once per sentence, `<s>` never.
std::vector<int64_t> count_targets(const data::TokenStore& targets, const text::Vocabulary& vocabulary);

/// Returns the file `target.counts` of a run: a line `word<TAB>count` for each id.
std::string counts_text(const std::vector<int64_t>& counts, const text::Vocabulary& vocabulary);
/// Reads the file. Throws FormatError unless it belongs to this vocabulary.
std::vector<int64_t> read_counts(const std::string& text, const text::Vocabulary& vocabulary,
                                 const std::filesystem::path& file);

}  // namespace seq2seq::run
