#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Combination of the last states of several encoders: Zoph and Knight 2016, arXiv 1601.00710, sections 3.1 and 3.2.
struct MultiSourceOptions {
  enum class Combine { basic, child_sum } combine = Combine::basic;
};
void declare(config::Keys& keys, MultiSourceOptions& options);

/// Sources that consist of several sentences, each read by an encoder of its own.
struct SourceParts {
  MultiSourceOptions options{};
  int64_t count = 1;       // K: sentences in a source
  int64_t separator = -1;  // the id that ends each sentence

  bool several() const { return count > 1; }
  /// Returns the lengths [K] of a source's parts. The last part extends to the end of the source, whatever it contains;
  /// a missing part has length 0.
  std::vector<int64_t> lengths(const std::vector<int64_t>& source) const;
  /// As above, for each source of a batch, [B] of [K]; empty if a source is one sentence.
  std::vector<std::vector<int64_t>> lengths(const Packed& ids) const;
};

/// Returns ids [N] as sentences on the host. Does not wait for a device if the ids are known on the host.
std::vector<std::vector<int64_t>> sentences_on_host(const Packed& ids);

}  // namespace seq2seq::nn
