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
           "unigram: draw a segmentation with probability proportional to p^alpha; 0: all equally likely, large: the "
           "best one, null: no sampling (Kudo 2018, arXiv 1804.10959)")
      .at_least(0);
  keys.add("dropout", options.dropout,
           "BPE: probability of leaving out a possible merge at each step; 0: no sampling, usual: 0.1 (Provilkov et "
           "al. 2020, arXiv 1910.13267)")
      .at_least(0)
      .at_most(1);
}

void declare(config::Keys& keys, SentencePieceOptions& options) {
  keys.add_file("model", options.model, "file of a trained model; not set: train one on the training text");
  keys.add("train", options.train, {{"unigram", SubwordKind::unigram}, {"bpe", SubwordKind::bpe}},
           "type of model to train: a unigram language model over pieces, or byte pair encoding");
  keys.add("size", options.size, "number of pieces, without the special symbols")
      .unit("pieces")
      .at_least(1)
      .at_most(1e9);
  keys.add("character_coverage", options.character_coverage,
           "share of the text's characters that become pieces; rarer characters are unknown. Lower it for languages "
           "with very many characters")
      .above(0)
      .at_most(1);
  keys.add("training_lines", options.training_lines,
           "number of lines to train on, drawn evenly from the whole text; costs memory")
      .unit("lines")
      .at_least(1)
      .at_most(1e12);
  keys.section("sample", options.sample,
               "random segmentation in training, different in each epoch; needs `data.prepared`");
  keys.rule("model", [&options] {
    return options.model.empty() || !asks_for_training(options)
               ? ""
               : "is an existing model, so leave out `train`, `size`, `character_coverage` and `training_lines`";
  });
  keys.rule("sample.dropout", [&options] {
    return options.sample.alpha && options.sample.dropout > 0
               ? "is for BPE and `alpha` for unigram; set only one of them"
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
