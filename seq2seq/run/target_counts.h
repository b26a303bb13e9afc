#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

/// Returns how often each word [V] of the target's vocabulary occurs in a text, each pair counted once: `<unk>` for
/// words that it does not have, `</s>` once a sentence, `<s>` never.
std::vector<int64_t> count_targets(const data::TokenStore& targets, const text::Vocabulary& vocabulary);

/// The file `target.counts` of a run: a line `word<TAB>count` for each id.
std::string counts_text(const std::vector<int64_t>& counts, const text::Vocabulary& vocabulary);
/// Throws FormatError unless it is this vocabulary's.
std::vector<int64_t> read_counts(const std::string& text, const text::Vocabulary& vocabulary,
                                 const std::filesystem::path& file);

}  // namespace seq2seq::run
