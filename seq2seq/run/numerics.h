#pragma once

namespace seq2seq::run {

/// Raised by hand when the same configuration, data and seed would train to other parameters than before; part of every
/// run's digest.
inline constexpr int numerics = 2;

}  // namespace seq2seq::run
