#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "seq2seq/text/unicode.h"

namespace seq2seq::test {

/// Returns a line of `characters` from many scripts: letters of several cases, marks, digits, punctuation, symbols,
/// blanks, ideographs, pictures. Uses old blocks of Unicode, so that witnesses of other versions agree on them.
inline std::string random_unicode(std::mt19937_64& random, int characters) {
  struct Block {
    char32_t first, last;
  };
  constexpr std::array<Block, 18> blocks{{{U' ', U'~'},
                                          {U'0', U'9'},
                                          {0xA0, 0x24F},
                                          {0x300, 0x36F},
                                          {0x391, 0x3C9},
                                          {0x410, 0x44F},
                                          {0x5D0, 0x5EA},
                                          {0x620, 0x64A},
                                          {0x660, 0x66C},
                                          {0x905, 0x939},
                                          {0x2000, 0x206F},
                                          {0x20A0, 0x20BF},
                                          {0x2100, 0x23FF},
                                          {0x2500, 0x27BF},
                                          {0x3000, 0x30FF},
                                          {0x4E00, 0x9FA5},
                                          {0xFF01, 0xFFBE},
                                          {0x1F300, 0x1F5FF}}};
  std::string text;
  for (int i = 0; i < characters; ++i) {
    const auto& block = blocks[random() % blocks.size()];
    text::append_utf8(text, block.first + static_cast<char32_t>(random() % (block.last - block.first + 1)));
  }
  return text;
}

}  // namespace seq2seq::test
