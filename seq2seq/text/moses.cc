#include "seq2seq/text/moses.h"

#include "seq2seq/text/moses/language.h"
#include "seq2seq/text/moses/tokenize.h"

namespace seq2seq::text {
namespace {

const moses::Language& rules_of(MosesLanguage language) {
  switch (language) {
    case MosesLanguage::french:
      return moses::french();
    case MosesLanguage::german:
      return moses::german();
    case MosesLanguage::english:
      break;
  }
  return moses::english();
}

}  // namespace

void declare(config::Keys& keys, MosesOptions& options) {
  keys.add("language", options.language,
           {{"en", MosesLanguage::english}, {"fr", MosesLanguage::french}, {"de", MosesLanguage::german}},
           "language of the rules for apostrophes and abbreviations");
  keys.add("escape", options.escape, "write & | < > ' \" [ ] as XML entities, as Moses does by default");
  keys.add("aggressive_dashes", options.aggressive_dashes, "split a-b into a @-@ b");
}

std::vector<std::string> MosesTokenizer::tokenize(std::string_view line) const {
  return moses::tokenize(line, rules_of(options_.language), {options_.escape, options_.aggressive_dashes});
}

std::string MosesTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  return moses::detokenize(tokens, rules_of(options_.language), options_.escape);
}

}  // namespace seq2seq::text
