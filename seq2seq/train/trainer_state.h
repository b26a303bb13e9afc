#pragma once

#include <filesystem>
#include <string>

#include "seq2seq/train/checkpoint.h"

namespace seq2seq::train {

/// `state.json` of a checkpoint; docs/formats.md describes it. Numbers read back to the same bits.
std::string to_json(const TrainerState& state);
/// Throws FormatError naming `file`.
TrainerState from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace seq2seq::train
