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
  std::vector<int64_t> owner;                      // [R] source of each hypothesis
  std::vector<std::vector<int64_t>> part_lengths;  // [B] sentences of each source; empty: each source is one sentence
  Ids words;  // [K] source ids, in the order of `memory`; undefined unless the output layer copies

  int64_t longest() const;  // S: of the sources
  /// Pairs these queries [Q] with the states that they see.
  AttentionPairs pairs(std::span<const int64_t> source_of_query, c10::Device device) const;
  /// [N, S] For each row, the words of its hypothesis' source; 0 beyond the end.
  Ids words_of(const Layout& layout) const;
  void select(const std::vector<int64_t>& hypotheses);
  /// Adds the sources and hypotheses of `other`. Drops sources without a hypothesis on both sides.
  void append(const AttendedSources& other);

 private:
  void drop_unused();
};

/// The sources of a batch, with one hypothesis each. `states` [K, M] are on the attention's device. `part_lengths`:
/// from SourceParts::lengths().
AttendedSources attended_sources(const Attention& attention, const Packed& states,
                                 std::vector<std::vector<int64_t>> part_lengths = {});

/// State that a decoder carries between steps; the first dimension counts hypotheses.
struct Carried {
  std::vector<State> layers;  // one per layer
  at::Tensor fed;             // [R, F] input of the output layer in the previous step; undefined without input feeding
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
  std::shared_ptr<const DeferredLinear> readout;                 // the readout's product for many steps, or null
};

}  // namespace seq2seq::nn
