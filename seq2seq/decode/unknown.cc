#include "seq2seq/decode/unknown.h"

namespace seq2seq::decode {

void declare(config::Keys& keys, UnknownOptions& options) {
  using Kind = UnknownOptions::Kind;
  keys.add("kind", options.kind,
           {{"keep", Kind::keep}, {"drop", Kind::drop}, {"replace", Kind::replace}, {"positional", Kind::positional}},
           "keep: write `<unk>`; drop: leave it out; replace: write the source word that it attends to most (Jean et "
           "al. 2015, arXiv 1412.2007); positional: replace words `<unk:d>`, which scripts/annotate-unknown puts into "
           "the training text, by the source word d places before their own place (Luong et al. 2015, arXiv "
           "1410.8206)");
  keys.add_file("dictionary", options.dictionary,
                "with replace and positional: file with a source word, a tab and its translation per line; words that "
                "are not in it are copied");
  keys.rule("dictionary", [&options] {
    const bool used = options.kind == Kind::replace || options.kind == Kind::positional;
    return options.dictionary.empty() || used ? "" : "has no effect without `kind: replace` or `kind: positional`";
  });
}

}  // namespace seq2seq::decode
