#pragma once

#include <exception>
#include <optional>

#include "seq2seq/core/error.h"

namespace seq2seq::cli {

/// Returns the error to report instead of `fault` if its cause is that the working directory was deleted.
std::optional<Error> lost_directory(const std::exception& fault);

}  // namespace seq2seq::cli
