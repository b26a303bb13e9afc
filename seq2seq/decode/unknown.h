#pragma once

#include <filesystem>

#include "seq2seq/config/keys.h"

namespace seq2seq::decode {

/// Treatment of the unknown word `<unk>` in outputs.
struct UnknownOptions {
  enum class Kind {
    keep,    // it is written as `<unk>`
    drop,    // it is left out
    replace  // by the source word that it attends to most: Jean et al. 2015, arXiv 1412.2007, section 4.2.1
  };
  Kind kind = Kind::keep;
  std::filesystem::path dictionary;  // of source words, for replace; empty: the source word itself
};
void declare(config::Keys& keys, UnknownOptions& options);

}  // namespace seq2seq::decode
