#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Vectors of some words of a vocabulary.
struct WordVectors {
  std::vector<int64_t> ids;  // [n] of the words found, in the order of the file
  at::Tensor rows;           // [n, width], float32
};

/// Called from time to time with the number of bytes read so far.
using BytesRead = std::function<void(int64_t)>;

/// Reads the vectors of a vocabulary's words from a text file in the format of word2vec (Mikolov et al. 2013), GloVe
/// and fastText, compressed or not: one line `word number number ...` per word, separated by blanks or tabs, optionally
/// after a first line `count width`. Reads line by line and keeps only words of the vocabulary. Words are matched by
/// spelling; special symbols never match. Words with blanks are skipped.
///
/// Throws Error with file and line: for a width other than `width`; a line with fewer numbers than the others; a word
/// of the vocabulary that occurs twice or has a field that is not a finite number; more or fewer lines than the first
/// line declares; invalid UTF-8; no line, or none of the words.
WordVectors read_word_vectors(const std::filesystem::path& file, const text::Vocabulary& words, int64_t width,
                              const BytesRead& report = {});

}  // namespace seq2seq::data
