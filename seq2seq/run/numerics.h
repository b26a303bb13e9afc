#pragma once

namespace seq2seq::run {

/// Increase it by hand if the same configuration, data and seed would train different parameters. Part of every run's
/// digest.
inline constexpr int numerics = 2;

}  // namespace seq2seq::run
