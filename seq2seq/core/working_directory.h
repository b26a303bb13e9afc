#pragma once

#include <filesystem>

#include "seq2seq/core/error.h"

namespace seq2seq {

/// Returns true if the working directory was deleted, so that relative paths cannot be resolved.
bool working_directory_is_gone();

/// Returns the error `file: the working directory was deleted ...`, for a relative path.
Error working_directory_error(const std::filesystem::path& path);

}  // namespace seq2seq
