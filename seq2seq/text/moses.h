#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

enum class MosesLanguage { english, french, german };

struct MosesOptions {
  MosesLanguage language = MosesLanguage::english;
  bool escape = true;
  bool aggressive_dashes = false;
};
void declare(config::Keys& keys, MosesOptions& options);

/// Tokenizes and detokenizes like tokenizer.perl and detokenizer.perl of Moses (Koehn et al. 2007). The rules are not
/// exactly invertible: most lines are restored unchanged, some with different blanks. docs/text.md has the agreement
/// with sacremoses.
class MosesTokenizer final : public Tokenizer {
 public:
  using Options = MosesOptions;
  explicit MosesTokenizer(const Options& options) : options_(options) {}
  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool is_lossless() const override { return false; }

 private:
  Options options_;
};

}  // namespace seq2seq::text
