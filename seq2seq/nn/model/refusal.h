#pragma once

#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {

/// Returns the message of the UsageError that `make` throws, or an empty string. A configuration reports it at the key
/// of the part that cannot be made.
template <class Make>
std::string refusal(const Make& make) {
  try {
    make();
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

}  // namespace seq2seq::nn
