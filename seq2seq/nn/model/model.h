#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/features.h"
#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/source_parts.h"
#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::nn {

/// State of a decoder between steps, for R hypotheses. A search only reorders hypotheses with `select` and adds others
/// with `append`.
class DecoderState {
 public:
  virtual ~DecoderState() = default;
  /// Keeps the hypotheses with these indices [R'], in this order. Indices may repeat or be left out.
  virtual void select(const Ids& hypotheses) = 0;
  /// Adds the hypotheses of another state of the same model after its own.
  virtual void append(const DecoderState& other) = 0;
  /// Returns a state of the hypotheses with these indices, as after `select`. Later changes of one state do not affect
  /// the other.
  virtual std::unique_ptr<DecoderState> selected(const Ids& hypotheses) const = 0;
  /// True if advance() also returns attention weights, which may cost another pass. Changes nothing else.
  bool wants_attention = false;
};

/// Numbers of layers of a model's two stacks.
struct LayerCounts {
  int64_t encoder = 0, decoder = 0;
};

/// A model of p(target | source), as training, scoring and search use it. Parameters have the names that a PyTorch user
/// would expect (`encoder.embedding.weight`, `encoder.lstm.weight_ih_l0`, `output.weight`). A model stores nothing of a
/// batch.
class Model : public Module {
 public:
  /// ids [N] as data::make_batch lays them out, on `input_device()`. If the output layer extends its vocabulary, ids of
  /// either side may be beyond it (data::ExtendedIds).
  virtual Memory encode(const Packed& ids, const Draw* draw) const = 0;
  /// Returns the state before the first target word. `owner` [R]: the sentence of each hypothesis in the memory.
  virtual std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const = 0;
  /// Reads target ids [N] of one step, a chunk of steps or all steps, and advances the state.
  virtual Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const = 0;
  virtual const OutputLayer& output() const = 0;
  /// Returns the model as stages that a pipeline can run; null if it cannot be divided.
  virtual const StagedModel* staged() const { return nullptr; }
  virtual c10::Device input_device() const = 0;
  virtual LayerCounts layers() const = 0;
  /// Returns every use of every parameter, with its role and its side of the text.
  virtual std::vector<ParameterUse> roles() const = 0;
  /// Returns the model's parts with their numbers of parameters, each parameter counted once: {"encoder.embedding",
  /// 7424}, ...
  virtual std::vector<std::pair<std::string, int64_t>> part_sizes() const = 0;
  /// Returns true if both sides read one table of word vectors, and so need one vocabulary.
  virtual bool shares_embeddings() const { return false; }
  /// Returns the default initialization of its parameters.
  virtual Initialization initialization() const { return Initialization::uniform; }
  /// Returns true if its features have attention weights over the source's positions.
  virtual bool attends() const { return false; }
  /// Returns true if gradients reach these weights, so that an objective may read them.
  virtual bool differentiates_attention() const { return false; }
  /// Returns the length of the longest sentence that it reads: of the source with its end symbol, of the target with
  /// its start symbol.
  virtual int64_t longest_source() const { return no_longest_sentence; }
  virtual int64_t longest_target() const { return no_longest_sentence; }
};

/// Properties of the run that a model needs.
struct ModelContext {
  int64_t source_vocabulary = 0;
  int64_t target_vocabulary = 0;
  Placement placement;
  at::ScalarType type = at::kFloat;  // of the parameters
  /// For a model that copies: for each source id, the target id of the word with the same spelling, or of the unknown
  /// word. Null: both sides have the same ids.
  std::function<std::vector<int64_t>()> target_of_source{};
  std::function<std::vector<int64_t>()> target_counts{};  // as in OutputContext
  SourceFactors source_factors{};
  SourceParts source_parts{};
};

/// Throws UsageError if the two vocabularies differ in size, because shared word vectors need one vocabulary.
void check_shared_vocabulary(const ModelContext& context);

using ModelRegistry = Registry<Model, const ModelContext&>;

}  // namespace seq2seq::nn
