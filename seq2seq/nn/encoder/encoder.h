#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/factors.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/nn/recurrent/stack.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

/// Shares of units dropped in an encoder: of the word vectors, and between two layers.
struct EncoderDropout {
  double embedding = 0, layers = 0;
  bool variational = false;  // true if all steps of a sentence share a mask
  WordDropout words{};
};

/// Longest sentence of a model without a limit on the length.
constexpr int64_t no_longest_sentence = std::numeric_limits<int64_t>::max();

/// Properties of the model that an encoder needs.
struct EncoderContext {
  int64_t vocabulary = 0;  // V of the source, specials included
  int64_t embedding = 0;   // E: width of the word vectors
  EncoderDropout dropout;
  Placement placement;
  at::ScalarType type = at::kFloat;
  std::string section = "model.encoder";  // section of its keys, for messages
  std::shared_ptr<Embedding> words{};     // shared, registered by the decoder; null: the encoder has its own
  SourceFactors factors{};
};

/// The parts of an encoder that consists only of an embedding and a stack of layers.
struct EncoderLayers {
  const Embedding& embedding;
  const Stack& stack;
  EncoderDropout dropout;
};

/// Reads sources. Stores only parameters.
class Encoder : public Module {
 public:
  /// ids [N] on the device of the embeddings -> everything that a decoder may look at.
  virtual Memory encode(const Packed& ids, const Draw* draw) const = 0;
  virtual int64_t width() const = 0;  // M: width of Memory::states
  /// Returns the length of the longest sentence that it reads, special symbols included.
  virtual int64_t longest_sentence() const { return no_longest_sentence; }
  /// Returns the shape of each state in Memory::last, which a bridge receives; empty if the encoder is not recurrent.
  virtual std::vector<StateShape> last_shapes() const = 0;
  /// Returns the number of layers that a placement can name.
  virtual int64_t layer_count() const { return std::ssize(last_shapes()); }
  /// Returns its layers, so that each can be a stage. Without a value, the encoder is one stage, unless it is a
  /// sentence_stack().
  virtual std::optional<EncoderLayers> layers() const { return {}; }
  /// Returns itself as a stack of layers that need whole sentences, so that each can be a stage; null: it is not one.
  virtual const SentenceStack* sentence_stack() const { return nullptr; }
};

/// Gives `encoder` the shared word vectors, or registers its own as the module `embedding`. Throws UsageError if the
/// source has factors, which an encoder reads through add_source_embedding().
std::shared_ptr<Embedding> add_embedding(Encoder& encoder, const EncoderContext& context);

/// The tables in which an encoder looks up its source's tokens.
struct SourceEmbedding {
  std::shared_ptr<Embedding> words;
  std::shared_ptr<FactorEmbeddings> factors;  // null: none

  /// Ids of tokens -> ids of their words. Word dropout drops whole words by them.
  Packed words_of(const Packed& ids) const { return factors == nullptr ? ids : factors->words(ids); }
  Packed forward(const Packed& ids) const;  // [N] -> [N, E]
};
/// As add_embedding(), plus the module `factors` if the source has factors.
SourceEmbedding add_source_embedding(Encoder& encoder, const EncoderContext& context);

using EncoderRegistry = Registry<Encoder, const EncoderContext&>;

/// The encoders that are more than a stack of layers. Defined in nn/transformer, which includes this header.
EncoderRegistry builtin_encoders();  // transformer

/// Adds a recurrent encoder for each kind of layer, under its name.
void add_recurrent_encoders(EncoderRegistry& registry, const std::shared_ptr<const LayerRegistry>& layers);

}  // namespace seq2seq::nn
