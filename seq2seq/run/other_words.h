#pragma once

#include <map>
#include <string>

namespace seq2seq::run {

/// Hints for keys of OpenNMT-py, fairseq, Marian, JoeyNMT and PyTorch scripts: our name of the key, or that there is
/// none.
std::map<std::string, std::string> other_words();

}  // namespace seq2seq::run
