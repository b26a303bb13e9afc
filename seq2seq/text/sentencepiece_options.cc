#include "seq2seq/text/sentencepiece.h"

namespace seq2seq::text {
namespace {

bool asks_for_training(const SentencePieceOptions& options) {
  const SentencePieceOptions defaults;
  return options.train != defaults.train || options.size != defaults.size ||
         options.character_coverage != defaults.character_coverage || options.training_lines != defaults.training_lines;
}

}  // namespace

void declare(config::Keys& keys, SubwordSampleOptions& options) {
  keys.add("alpha", options.alpha,
           "unigram: draw a segmentation with probability proportional to p^alpha; 0: all alike, large: the best one, "
           "null: no sampling (Kudo 2018, arXiv 1804.10959)")
      .at_least(0);
  keys.add("dropout", options.dropout,
           "BPE: leave out each possible merge with this probability at every step; 0: no sampling (Provilkov et al. "
           "2020, arXiv 1910.13267)")
      .at_least(0)
      .at_most(1);
}

void declare(config::Keys& keys, SentencePieceOptions& options) {
  keys.add_file("model", options.model, "file of a trained model; empty: one is trained on the training text");
  keys.add("train", options.train, {{"unigram", SubwordKind::unigram}, {"bpe", SubwordKind::bpe}},
           "what is trained: a unigram language model over pieces, or byte pair encoding over characters");
  keys.add("size", options.size, "pieces, the special symbols not counted").unit("pieces").at_least(1);
  keys.add("character_coverage", options.character_coverage,
           "share of the text's characters that are pieces; the rarest others are not learned from")
      .above(0)
      .at_most(1);
  keys.add("training_lines", options.training_lines, "lines of the text that training holds, drawn evenly from all")
      .unit("lines")
      .at_least(1);
  keys.section("sample", options.sample, "how training cuts a line anew in each epoch");
  keys.rule("model", [&options] {
    return options.model.empty() || !asks_for_training(options) ? ""
                                                                : "is given, so nothing is trained: leave out `train`, "
                                                                  "`size`, `character_coverage` and `training_lines`";
  });
  keys.rule("sample.dropout", [&options] {
    return options.sample.alpha && options.sample.dropout > 0 ? "is for BPE and `alpha` for unigram: name one of them"
                                                              : "";
  });
  keys.rule("sample.dropout", [&options] {
    return options.model.empty() && options.train == SubwordKind::unigram && options.sample.dropout > 0
               ? "is for `train: bpe`; a unigram model is sampled by `alpha`"
               : "";
  });
  keys.rule("sample.alpha", [&options] {
    return options.model.empty() && options.train == SubwordKind::bpe && options.sample.alpha
               ? "is for `train: unigram`; BPE is sampled by `dropout`"
               : "";
  });
}

}  // namespace seq2seq::text
