#pragma once

#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {

/// Returns the message of a part that cannot be made, or an empty string: that of the UsageError which `make` throws.
/// The configuration reports it at the part's key.
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
