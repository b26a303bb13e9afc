#include "seq2seq/decode/rescore_options.h"

namespace seq2seq::decode {

void declare(config::Keys& keys, RescoreOptions& options) {
  // A study can find records without the list, so the digest of keys has only its name. The digest of the text covers
  // its content.
  keys.add("list", options.list,
           "n-best list in the format of Moses for the lines of the test set, counted from 0; not set: outputs are "
           "searched for")
      .digest([&options] { return options.list.filename().string(); });
  keys.add("choose", options.choose,
           {{"weighted_sum", ListChoice::weighted_sum}, {"total", ListChoice::total}, {"oracle", ListChoice::oracle}},
           "weighted_sum: the highest weighted sum of features; total: the highest total of the system that made the "
           "list, its baseline; oracle: the highest BLEU of the sentence, the best possible choice");
  keys.add("feature_weights", options.feature_weights,
           "weights of the sum: `total`, the last field of a line; `seq2seq`, the model's log-probability; or features "
           "of the list, as in `seq2seq rescore --feature-weights`");
  keys.rule("choose", [&options] {
    return options.any() || options.choose == ListChoice::weighted_sum ? "" : "needs a list: set `decode.rescore.list`";
  });
  keys.rule("feature_weights", [&options] {
    if (options.feature_weights == RescoreOptions().feature_weights) return "";
    if (!options.any()) return "needs a list: set `decode.rescore.list`";
    return options.choose == ListChoice::weighted_sum ? "" : "has no effect without `choose: weighted_sum`";
  });
}

}  // namespace seq2seq::decode
