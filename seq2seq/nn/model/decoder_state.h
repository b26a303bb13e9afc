#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/deferred.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// The sources that hypotheses attend to. Empty without attention.
struct AttendedSources {
  AttentionMemory memory;                          // sentence by sentence
  std::vector<int64_t> lengths;                    // [B] of the sources
  std::vector<int64_t> owner;                      // [R] each hypothesis' source
  std::vector<std::vector<int64_t>> part_lengths;  // [B] of each source's sentences; empty: each is one
  Ids words;  // [K] ids of the sources, as memory; undefined unless the output layer copies

  int64_t longest() const;  // S: of the sources
  /// Queries of these sources [Q] and the states that they see.
  AttentionPairs pairs(std::span<const int64_t> source_of_query, c10::Device device) const;
  /// [N, S] for each row of hypotheses the words of its source, 0 behind their end.
  Ids words_of(const Layout& layout) const;
  void select(const std::vector<int64_t>& hypotheses);
  /// Adds the sources and hypotheses of another; sources of either without a hypothesis are dropped.
  void append(const AttendedSources& other);

 private:
  void drop_unused();
};

/// The sources of a batch, with one hypothesis each. `states` [K, M] are on the attention's device. `part_lengths`: as
/// SourceParts::lengths() gives them.
AttendedSources attended(const Attention& attention, const Packed& states,
                         std::vector<std::vector<int64_t>> part_lengths = {});

/// State of a decoder between steps, hypotheses first.
struct Carried {
  std::vector<State> layers;  // one per layer
  at::Tensor fed;             // [R, F] what the step before gave to the output layer; undefined without input feeding
  at::Tensor past;            // [R, S] sums of attention weights so far; undefined unless the attention needs them

  /// Replaces each tensor by change(tensor).
  template <class Change>
  void change(const Change& change) {
    for (auto& state : layers)
      for (auto& tensor : state) tensor = change(tensor);
    if (fed.defined()) fed = change(fed);
    if (past.defined()) past = change(past);
  }
};

/// The state of a recurrent decoder.
class RecurrentState final : public DecoderState {
 public:
  void select(const Ids& hypotheses) override;
  void append(const DecoderState& other) override;
  std::unique_ptr<DecoderState> selected(const Ids& hypotheses) const override;

  Carried carried;
  AttendedSources sources;
  std::vector<std::shared_ptr<const PreparedWeights>> prepared;  // one per layer, or empty
  std::shared_ptr<const DeferredLinear> readout;                 // the readout's product over many steps, or null
};

}  // namespace seq2seq::nn
