#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/stage/flow.h"
#include "seq2seq/nn/stage/passes.h"
#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::nn {

/// Returns the number of multiplications of one row by all matrices among these parameters.
double products_of(const std::vector<at::Tensor>& parameters);
/// Returns how many numbers a part keeps per row for its backward pass: its output and as many again (the cells of a
/// recurrent layer), and the product of its largest matrix.
int64_t kept_by(const std::vector<at::Tensor>& parameters, int64_t width);

/// Collects the stages of a model in order; with a batch, also their passes.
class StageList {
 public:
  /// `inputs`: null if there is no batch.
  StageList(const Placement& placement, const StagedInputs* inputs) : placement_(placement), inputs_(inputs) {}

  /// Rows, or a last state, of a stage; the flows exist only with a batch.
  struct Rows {
    int64_t stage = 0;
    std::shared_ptr<RowFlow> flow;
  };
  struct Last {
    int64_t stage = 0;
    std::shared_ptr<StateFlow> flow;
  };

  /// Use of a stack of layers that need whole sentences.
  struct SentenceUse {
    Side side = Side::target;
    bool packs = false;            // true if its rows come out in packed order; otherwise sentence by sentence
    const Rows* states = nullptr;  // the encoder's rows, sentence by sentence; null: it reads no source
  };
  /// Adds the word vectors and each layer of a stack.
  Rows sentences(const SentenceStack& stack, const SentenceUse& use);
  /// Adds the output layer, in shares if it has them, and the loss. `rows`: in packed order.
  void write(const OutputLayer& output, const Rows& rows);

  std::vector<Stage> take_stages() { return std::move(stages_); }
  StagedBatch take_batch() { return std::move(batch_); }

 protected:
  /// Adds a stage and returns its number.
  int64_t add(Stage stage);
  /// Adds the pass of the last added stage, if there is a batch.
  template <class Make>
  void pass(const Make& make) {
    if (inputs_ != nullptr) batch_.passes.push_back(make());
  }
  /// Returns an added stage.
  const Stage& stage(int64_t number) const { return stages_[static_cast<size_t>(number)]; }
  /// Returns true if the last stage or any before it is trained.
  bool trains() const { return trains_.back(); }
  const Packed& ids(Side side) const { return side == Side::source ? inputs_->source : inputs_->inputs; }
  std::shared_ptr<RowFlow> row_flow(Side side, int64_t width, const ParameterPlace& place) const;
  std::shared_ptr<StateFlow> state_flow() const { return inputs_ == nullptr ? nullptr : std::make_shared<StateFlow>(); }
  StageDropout dropout(double share, Site site) const { return {share, site, inputs_->draw}; }

  const Placement& placement_;
  const StagedInputs* inputs_;

 private:
  void shards(const OutputLayer& output, const Rows& rows);
  bool is_looked_up(const at::Tensor& matrix) const;

  std::vector<Stage> stages_;
  std::vector<bool> trains_;  // by stage
  StagedBatch batch_;
};

}  // namespace seq2seq::nn
