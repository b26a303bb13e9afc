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

/// Told the bytes read so far, now and then.
using BytesRead = std::function<void(int64_t)>;

/// Reads the vectors of a vocabulary's words from a text file as word2vec (Mikolov et al. 2013), GloVe and fastText
/// write it, packed or not: a line a word, `word number number ...`, between blanks or tabs; a first line `count width`
/// may stand before. Read line by line: only what is found stays in memory. A word is found by its surface form in the
/// vocabulary; the special symbols never are. A word that holds a blank is none of a vocabulary and is passed over.
///
/// Throws Error with file and line: another width than `width`, a line with fewer numbers than the others, a word of
/// the vocabulary twice, or with something that is not a finite number; more or fewer lines than the first announces;
/// not UTF-8; no line, or none of the words.
WordVectors read_word_vectors(const std::filesystem::path& file, const text::Vocabulary& words, int64_t width,
                              const BytesRead& told = {});

}  // namespace seq2seq::data
