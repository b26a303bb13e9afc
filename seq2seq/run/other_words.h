#pragma once

#include <map>
#include <string>

namespace seq2seq::run {

/// Returns hints for keys of OpenNMT-py, fairseq, Marian, JoeyNMT and PyTorch scripts: our name of the key, or a note
/// that we do not have it; and for their values of our keys. See config::Tree::answers.
std::map<std::string, std::string> other_words();

}  // namespace seq2seq::run
