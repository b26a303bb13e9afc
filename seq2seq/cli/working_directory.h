#pragma once

#include <exception>
#include <optional>

#include "seq2seq/core/error.h"

namespace seq2seq::cli {

/// The error to report in place of `fault` where it came about because the working directory was deleted.
std::optional<Error> lost_directory(const std::exception& fault);

}  // namespace seq2seq::cli
