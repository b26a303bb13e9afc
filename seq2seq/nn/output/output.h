#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/features.h"
#include "seq2seq/nn/output/softmax_shard.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/placement.h"

namespace seq2seq::nn {

/// The k most probable words of each row, best first; words of equal score in order of their ids. K is the smaller of k
/// and the number of words that are not banned in every row. If fewer than K words are left in a row, its last scores
/// are minus infinity.
struct TopK {
  at::Tensor scores;  // [R, K] natural log-probabilities, float64, on the output layer's device
  Ids ids;            // [R, K] on the same device
};

/// Words that must not come next.
struct Bans {
  Ids words;            // [n] banned in every row; undefined: none
  Ids rows, row_words;  // [m] each: the word row_words[i] is banned in the row rows[i]; undefined: none
};

/// Use of the losses in training. A layer that computes loss and gradient in one pass needs it in the forward pass.
struct LossSpec {
  /// The target distribution is 1 - e on the target and e / V on every word (Szegedy et al. 2016).
  double label_smoothing = 0;
  /// [N] The derivative of the objective with respect to each row's loss. The caller runs backward() with exactly this
  /// gradient. Undefined: the caller runs backward() with any gradient, or not at all.
  at::Tensor row_scale;
  /// Source of random numbers for a layer that samples words; null: compute the exact loss.
  const Draw* draw = nullptr;
};

struct OutputContext {
  int64_t width = 0;       // H: of the decoder's rows
  int64_t vocabulary = 0;  // V, specials included
  at::Tensor tied_weight;  // [V, H] the target embedding when tied, else undefined
  Placement placement;
  at::ScalarType type = at::kFloat;
  bool attends = false;  // true if features have attention weights that gradients reach
  /// Returns how often each word [V] occurs in the targets of the training text. Null: not known.
  std::function<std::vector<int64_t>()> target_counts{};
};

/// Computes OutputLayer::top_k() for many calls with the same weights, as in a search.
class WordRanking {
 public:
  virtual ~WordRanking() = default;
  virtual TopK top_k(const Features& features, int64_t k, const Bans& bans) const = 0;
};

/// Computes probabilities of words from decoder rows. Only log_probabilities() returns a full matrix [N, V].
class OutputLayer : public Module {
 public:
  /// targets [N] -> the negative log-likelihood of each row [N], which training minimizes.
  virtual at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const = 0;
  /// Returns true if loss() is an estimate, as in layers that sample.
  virtual bool estimates_loss() const { return false; }
  /// Number of words that the loss of a row reads in training: the drawn words and the target. 0: all words.
  virtual int64_t estimated_words() const { return 0; }
  /// Returns true if it draws words by OutputContext::target_counts. Without the counts it can be used, but not
  /// trained.
  virtual bool reads_counts() const { return false; }
  /// Returns the reason why its loss does not support label smoothing, or an empty string.
  virtual std::string refuses_smoothing() const { return {}; }
  /// Returns the exact natural log-probability of each target [N], float64, without gradient, on the layer's device.
  /// Validation, scoring and search report it.
  virtual at::Tensor score(const Features& features, const Ids& targets) const = 0;
  /// Returns the k best words of each row that are not banned.
  virtual TopK top_k(const Features& features, int64_t k, const Bans& bans) const = 0;
  /// Returns true if top_k() ranks by unnormalized scores, which cannot be compared with score() and
  /// log_probabilities().
  virtual bool ranks_by_logits() const { return false; }
  /// Returns an object that finds the same words as top_k(), with the same scores up to rounding, and may lay out the
  /// weights once. The layer must outlive it, and its weights must not change meanwhile.
  virtual std::unique_ptr<const WordRanking> ranking() const;
  /// Returns the natural log-probability of every word of the vocabulary [R, V], float64, without gradient; ensembles
  /// average it. A layer that extends the vocabulary adds columns, up to the largest id among the words of the sources.
  virtual at::Tensor log_probabilities(const Features& features) const = 0;
  /// Returns the shards that compute loss and gradient piece by piece, in order of their words; the losses are on the
  /// first shard's device. Empty if the layer cannot be split.
  virtual const std::vector<SoftmaxShard>& shards() const;
  /// Returns true if it reads the attention's weights and the source's words, Features::attention and Features::source.
  virtual bool copies() const { return false; }
  /// Returns true if it copies words beyond the vocabulary: source and target ids may then be larger than the
  /// vocabulary.
  virtual bool extends_vocabulary() const { return false; }
  /// Returns the device of losses and scores.
  virtual c10::Device home() const = 0;

 protected:
  /// Throws UsageError if `spec` smooths labels and the layer does not support it.
  void check_smoothing(const LossSpec& spec) const;
};

using OutputRegistry = Registry<OutputLayer, const OutputContext&>;
OutputRegistry builtin_outputs();  // full, copy, sampled, noise_contrastive, adaptive

/// Number of words of a model that is built only for its sizes, before its vocabulary is known: larger than any
/// cut-off.
inline constexpr int64_t unknown_vocabulary = int64_t{1} << 30;

/// Properties of a model for check_output().
struct OutputOutline {
  int64_t width = 0;  // of the rows
  bool tied = false, attends = false;
};

/// Makes an output layer without memory. Throws the UsageError that making the real one would throw, except errors that
/// depend on the vocabulary.
void check_output(const OutputRegistry& outputs, const Selection& output, const OutputOutline& model);

/// Returns the k best words of each row of log-probabilities or logits z [R, V], best first, equal ones in order of
/// their ids. Overwrites z at banned words. `normalizer` [R, 1] is subtracted from the scores unless it is undefined.
TopK best_words(at::Tensor z, const at::Tensor& normalizer, int64_t k, const Bans& bans);

}  // namespace seq2seq::nn
