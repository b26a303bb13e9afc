#pragma once

#include <filesystem>
#include <string>

#include "seq2seq/train/checkpoint.h"

namespace seq2seq::train {

/// Writes `state.json` of a checkpoint; docs/formats.md describes it. Numbers are read back with the same bits.
std::string to_json(const TrainerState& state);
/// Throws FormatError naming `file`.
TrainerState from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace seq2seq::train
