#pragma once

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Unit of word dropout: a word with all its occurrences in a sentence (Gal and Ghahramani 2016, arXiv 1512.05287,
/// section 4.2), or each occurrence (Sennrich et al. 2016, arXiv 1606.02891).
enum class DropWordsBy { word, occurrence };

/// Shares of words with zero vectors in training; the other vectors are scaled by 1 / (1 - share).
struct WordDropout {
  double share = 0;
  DropWordsBy by = DropWordsBy::word;
};

struct WordDropoutOptions {
  double source = 0, target = 0;
  DropWordsBy by = DropWordsBy::word;
  WordDropout of_source() const { return {source, by}; }
  WordDropout of_target() const { return {target, by}; }
};
void declare(config::Keys& keys, WordDropoutOptions& options);

/// As WordDropout, for a model that reads no source: without the key `source`.
struct TargetWordDropout {
  WordDropoutOptions& words;
};
void declare(config::Keys& keys, TargetWordDropout& options);

/// 0 or 1 / (1 - share) for each of the ids [N] -> [N, 1], float32 on the CPU: a function of (seed, update, side, the
/// pair's key) and of the id or the position. `embedding`: the side's embedding.
at::Tensor word_mask(const Packed& ids, const WordDropout& dropout, Site::Part embedding, const Draw& draw);

/// Returns the vectors [N, E] of `ids` [N], with zeros for dropped words. Returns them unchanged with share 0 or a null
/// `draw`.
at::Tensor drop_words(const at::Tensor& vectors, const Packed& ids, const WordDropout& dropout, Site::Part embedding,
                      const Draw* draw);

}  // namespace seq2seq::nn
