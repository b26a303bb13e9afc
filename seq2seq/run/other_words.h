#pragma once

#include <map>
#include <string>

namespace seq2seq::run {

/// Answers to keys that users of OpenNMT-py, fairseq, Marian, JoeyNMT or a PyTorch script type: what the key is called
/// here, or that there is none.
std::map<std::string, std::string> other_words();

}  // namespace seq2seq::run
