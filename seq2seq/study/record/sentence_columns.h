#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/study/record/sentence_figures.h"

namespace seq2seq::study {

/// Figures of sentences as columns of text, gzipped: 3 to 6 bytes per sentence. The first line is `seq2seq sentences 1
/// ROWS`, then one line for each column: its name and a number for each sentence. Scores are rounded to a thousandth of
/// a nat. The counts of metrics that the study asked for follow: `ter:0`, `ter:1`.
std::string pack_sentences(const std::vector<SentenceFigures>& sentences);
/// Throws FormatError naming `file`.
std::vector<SentenceFigures> unpack_sentences(std::string_view bytes, const std::filesystem::path& file);

}  // namespace seq2seq::study
