#pragma once

#include <filesystem>

#include "seq2seq/config/keys.h"

namespace seq2seq::decode {

/// Treatment of the unknown word `<unk>` in outputs, and of words that contain the position of their source word.
struct UnknownOptions {
  enum class Kind {
    keep,       // write `<unk>`
    drop,       // leave it out
    replace,    // by the source word with the most attention: Jean et al. 2015, arXiv 1412.2007, section 4.2.1
    positional  // `<unk:d>` at the target's word j, by the source word j - d: Luong et al. 2015, arXiv 1410.8206,
                // section 3.3
  };
  Kind kind = Kind::keep;
  std::filesystem::path dictionary;  // of source words, for replace and positional; empty: the source word itself
};
void declare(config::Keys& keys, UnknownOptions& options);

}  // namespace seq2seq::decode
