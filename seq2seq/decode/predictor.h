#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/model.h"

namespace seq2seq::decode {

/// The hypotheses a search has under way, R of them, as a predictor sees them.
class PredictorState {
 public:
  virtual ~PredictorState() = default;
  /// True if attended() is asked for after each read().
  bool wants_attention = false;
};

/// The same sentences as each model of a predictor reads them, in one order: an ensemble's models may have vocabularies
/// and directions of their own. A predictor of one model reads the first.
struct Sources {
  Sources(nn::Packed only) : readings{std::move(only)} {}  // NOLINT(google-explicit-constructor): one model's sources
  explicit Sources(std::vector<nn::Packed> all) : readings(std::move(all)) {}
  int64_t sentences() const { return readings.front().sentences(); }

  std::vector<nn::Packed> readings;  // encoder ids, as data::make_sources packs them; never empty
};

/// A ranking of words, and the rows that it ranks them for.
struct RankedRows {
  const nn::WordRanking* ranking = nullptr;
  const nn::Features* features = nullptr;
};

/// Hypotheses that callers of log_probabilities() should ask for at a time: at 80,000 words 41 MB.
inline constexpr int64_t probability_rows = 64;

/// Interface of a search to a model, or to several models together; it hides the kind of model. No gradient is kept.
/// Returned indices, words and scores are on the device of the model's output layer; arguments may be on any device.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Reads the sources. One hypothesis a sentence, in order; nothing written yet.
  virtual std::unique_ptr<PredictorState> start(const Sources& sources) const = 0;
  /// Keeps the hypotheses `survivors` [R'] (indices into those of the last call, at first the sentences; repeated or
  /// left out at will) and appends `tokens` [R'] to them, at first the start symbol.
  virtual void read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const = 0;
  /// Adds the hypotheses of `other`, which has read as many words, behind those of `state`: their sources are searched
  /// together from now on.
  virtual void append(PredictorState& state, const PredictorState& other) const = 0;
  /// Returns a state of the hypotheses with these indices [R'], repeated or left out at will, which must read a word
  /// before it predicts one. Neither state changes with the other.
  virtual std::unique_ptr<PredictorState> selected(const PredictorState& state, const nn::Ids& hypotheses) const = 0;
  /// The k best next words of each hypothesis that has read a word, without those that this predictor never writes and
  /// without `bans`. A row with fewer words left ends in scores of minus infinity.
  virtual nn::TopK best(const PredictorState& state, int64_t k, const nn::Bans& bans) const = 0;
  /// The natural log-probability of every next word [count, V], float64, of `count` hypotheses from `first` on; of
  /// banned words, too.
  virtual at::Tensor log_probabilities(const PredictorState& state, int64_t first, int64_t count) const = 0;
  /// The natural log-probability of words[i] as the next word of the hypothesis hypotheses[i], float64 [n]. Both are on
  /// the CPU, and hypotheses ascend.
  virtual at::Tensor next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const;
  /// The output layer that best() leaves the ranking to, and its rows; null: there is no single one.
  virtual RankedRows ranked(const PredictorState& /*state*/) const { return {}; }
  /// The natural log-probability of each target row given its source, float64 [N], in packed order of `targets`; end
  /// symbols are rows too. `owner` [T] names the source of each target, so that several share one; undefined: one each.
  virtual at::Tensor score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                           const nn::Ids& owner) const = 0;
  /// Returns the attention weights [N, S] of each target row over the positions of its source, as the encoder reads
  /// them, in packed order of `inputs`; undefined if the model has no attention to positions.
  virtual at::Tensor attention(const Sources& sources, const nn::Packed& inputs) const;
  /// Returns the attention weights [R, S] for the next word of each hypothesis, over the positions of its source. The
  /// state must request them. Undefined for an ensemble, or if the model has no attention to positions.
  virtual at::Tensor attended(const PredictorState& state) const;
  /// The longest output that it can write, without the end symbol.
  virtual int64_t longest_output() const { return nn::no_longest_sentence; }
};

/// Returns the words that no search writes: the start symbol and, unless `unknown` allows it, the unknown word. [n] on
/// the CPU.
nn::Ids never_written(bool unknown);

/// One model, which must outlive it. Start symbol and unknown word are never written (`unknown` lifts the latter);
/// their share of probability is not given to other words, so that a hypothesis has the score that score() gives it.
/// From the first best() on the model's weights must not change: the output layer's may be laid out once.
class ModelPredictor final : public Predictor {
 public:
  explicit ModelPredictor(const nn::Model& model, bool unknown = false);
  std::unique_ptr<PredictorState> start(const Sources& sources) const override;
  void read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const override;
  void append(PredictorState& state, const PredictorState& other) const override;
  std::unique_ptr<PredictorState> selected(const PredictorState& state, const nn::Ids& hypotheses) const override;
  nn::TopK best(const PredictorState& state, int64_t k, const nn::Bans& bans) const override;
  at::Tensor log_probabilities(const PredictorState& state, int64_t first, int64_t count) const override;
  at::Tensor next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const override;
  RankedRows ranked(const PredictorState& state) const override;
  at::Tensor score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                   const nn::Ids& owner) const override;
  at::Tensor attention(const Sources& sources, const nn::Packed& inputs) const override;
  at::Tensor attended(const PredictorState& state) const override;
  int64_t longest_output() const override;

 private:
  /// The output layer's ranking, made when it is first asked for: scoring needs none.
  class Ranking {
   public:
    const nn::WordRanking& of(const nn::OutputLayer& output);

   private:
    std::once_flag made_;
    std::unique_ptr<const nn::WordRanking> ranking_;
  };
  nn::Features features(const nn::Packed& sources, const nn::Packed& inputs, const nn::Ids& owner,
                        bool wants_attention) const;

  const nn::Model* model_;
  nn::Ids never_written_;  // [n]
  std::unique_ptr<Ranking> ranking_;
};

}  // namespace seq2seq::decode
