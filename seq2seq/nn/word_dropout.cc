#include "seq2seq/nn/word_dropout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mul.h>

namespace seq2seq::nn {

void declare(config::Keys& keys, WordDropoutOptions& options) {
  keys.add("source", options.source, "share of the source's words whose vectors are zero").at_least(0).below(1);
  TargetWordDropout target{options};
  declare(keys, target);
}

void declare(config::Keys& keys, TargetWordDropout& target) {
  auto& options = target.words;
  keys.add("target", options.target, "share of the words read by the decoder whose vectors are zero")
      .at_least(0)
      .below(1);
  keys.add("by", options.by, {{"word", DropWordsBy::word}, {"occurrence", DropWordsBy::occurrence}},
           "word: drop all occurrences of a word in a sentence together (arXiv 1512.05287); occurrence: drop each "
           "separately (arXiv 1606.02891)");
}

at::Tensor word_mask(const Packed& ids, const WordDropout& dropout, Site::Part embedding, const Draw& draw) {
  auto rows = *ids.layout;
  if (dropout.by == DropWordsBy::word) {
    rows.position = ids.rows;
    rows.kept_on_host.position = ids.ids_on_host;
  }
  return dropout_mask(rows, 1, dropout.share, Site{.part = embedding}.within(1), draw);
}

at::Tensor drop_words(const at::Tensor& vectors, const Packed& ids, const WordDropout& dropout, Site::Part embedding,
                      const Draw* draw) {
  if (dropout.share == 0 || draw == nullptr || vectors.size(0) == 0) return vectors;
  return vectors * sent(word_mask(ids, dropout, embedding, *draw), vectors.options());
}

}  // namespace seq2seq::nn
