#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/model.h"

namespace seq2seq::decode {

/// The R hypotheses of a running search, as a predictor sees them.
class PredictorState {
 public:
  virtual ~PredictorState() = default;
  /// True if the search calls step_attention() after each read().
  bool wants_attention = false;
};

/// The same sentences, in one order, as each model of a predictor reads them: the models of an ensemble may have their
/// own vocabularies and directions. A predictor of one model reads the first entry.
struct Sources {
  Sources(nn::Packed only) : readings{std::move(only)} {}  // NOLINT(google-explicit-constructor): one model's sources
  explicit Sources(std::vector<nn::Packed> all) : readings(std::move(all)) {}
  int64_t sentences() const { return readings.front().sentences(); }

  std::vector<nn::Packed> readings;  // encoder ids, as data::make_sources packs them; never empty
};

/// A ranking of words, and the rows to rank them for.
struct RankedRows {
  const nn::WordRanking* ranking = nullptr;
  const nn::Features* features = nullptr;
};

/// Number of hypotheses for which callers of log_probabilities() should ask at a time: 41 MB at 80,000 words.
inline constexpr int64_t probability_rows = 64;

/// Interface of a search to one or several models of any kind. Computes without gradients. Returned indices, words and
/// scores are on the device of the model's output layer; arguments may be on any device.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Reads the sources. Returns one hypothesis per sentence, in order, with nothing written.
  virtual std::unique_ptr<PredictorState> start(const Sources& sources) const = 0;
  /// Keeps the hypotheses `survivors` [R'] and appends `tokens` [R'] to them. `survivors` are indices into the
  /// hypotheses of the last call (at first the sentences), which may repeat or be left out; the first tokens are start
  /// symbols.
  virtual void read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const = 0;
  /// Adds the hypotheses of `other`, which must have read the same number of words, after those of `state`. Their
  /// sources are searched together from then on.
  virtual void append(PredictorState& state, const PredictorState& other) const = 0;
  /// Returns a state of the hypotheses with these indices [R'], which may repeat or be left out. It must read a word
  /// before it predicts one. Later changes of one state do not affect the other.
  virtual std::unique_ptr<PredictorState> selected(const PredictorState& state, const nn::Ids& hypotheses) const = 0;
  /// Returns the k best next words of each hypothesis that has read a word, without `bans` and without words that this
  /// predictor never writes. If fewer words are left in a row, its last scores are minus infinity.
  virtual nn::TopK best(const PredictorState& state, int64_t k, const nn::Bans& bans) const = 0;
  /// Returns the natural log-probability of every next word [count, V], float64, for `count` hypotheses from `first`
  /// on; also of banned words.
  virtual at::Tensor log_probabilities(const PredictorState& state, int64_t first, int64_t count) const = 0;
  /// Returns the natural log-probability of words[i] as the next word of the hypothesis hypotheses[i], float64 [n].
  /// Both are on the CPU, and `hypotheses` ascend.
  virtual at::Tensor next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const;
  /// Returns the output layer that ranks words for best(), and its rows; null if there is more than one.
  virtual RankedRows ranked(const PredictorState& /*state*/) const { return {}; }
  /// Returns the natural log-probability of each target row given its source, float64 [N], in packed order of
  /// `targets`, including the rows of end symbols. `owner` [T]: source of each target, so that several can share one;
  /// undefined: one source per target.
  virtual at::Tensor score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                           const nn::Ids& owner) const = 0;
  /// Returns the attention weights [N, S] of each target row over the positions of its source, as the encoder reads
  /// them, in packed order of `inputs`; undefined if the model has no attention to positions.
  virtual at::Tensor attention(const Sources& sources, const nn::Packed& inputs) const;
  /// Returns the attention weights [R, S] for the next word of each hypothesis, over the positions of its source. The
  /// state must request them. Undefined for an ensemble, or if the model has no attention to positions.
  virtual at::Tensor step_attention(const PredictorState& state) const;
  /// Returns the length of the longest output that it can write, without the end symbol.
  virtual int64_t longest_output() const { return nn::no_longest_sentence; }
};

/// Returns the words that a search never writes: the start symbol and, unless `unknown` allows it, the unknown word.
/// [n] on the CPU.
nn::Ids never_written(bool unknown);

/// One model, which must outlive it. Never writes the start symbol or, unless `unknown` is set, the unknown word. Their
/// probability is not redistributed, so a hypothesis has the same score as in score(). The model's weights must not
/// change after the first best(), because the output layer's weights may be laid out once.
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
  at::Tensor step_attention(const PredictorState& state) const override;
  int64_t longest_output() const override;

 private:
  /// The output layer's ranking, made on first use, because scoring needs none.
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
