#include "seq2seq/decode/unknown.h"

namespace seq2seq::decode {

void declare(config::Keys& keys, UnknownOptions& options) {
  using Kind = UnknownOptions::Kind;
  keys.add("kind", options.kind, {{"keep", Kind::keep}, {"drop", Kind::drop}, {"replace", Kind::replace}},
           "keep: it stays `<unk>`; drop: it is left out; replace: by the source word that it attends to most (Jean et "
           "al. 2015, arXiv 1412.2007)");
  keys.add_file("dictionary", options.dictionary,
                "with replace: a file with a source word, a tab and its translation per line; words that it lacks are "
                "copied");
  keys.rule("dictionary", [&options] {
    return options.dictionary.empty() || options.kind == Kind::replace ? "" : "is for `kind: replace`";
  });
}

}  // namespace seq2seq::decode
