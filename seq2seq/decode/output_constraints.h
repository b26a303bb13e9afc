#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// Words that an output of one source must contain.
struct OutputConstraints {
  std::vector<int64_t> prefix = {};  // the first words of the output
  std::vector<std::vector<int64_t>> phrases =
      {};  // sequences of words that must occur in it, none of them empty; see phrases.h
  bool any() const { return !prefix.empty() || !phrases.empty(); }
};

}  // namespace seq2seq::decode
