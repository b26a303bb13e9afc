#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {

/// Dependency of a stage on another, before it runs a piece forward.
struct StageInput {
  enum class Needs {
    steps,  // the rows of the same steps
    end,    // its last state
    rows    // all its rows
  };
  int64_t stage = 0;  // its number in the list of stages; smaller than that of the stage itself
  Needs needs = Needs::steps;
};

/// A part of a model that runs piece by piece at one place: an embedding, a layer, a share of the output layer. Stages
/// are data, which a schedule orders and a planner counts.
struct Stage {
  std::string name;  // as in Placement: `embeddings.source`, `encoder.0`, `output.2`, `loss`
  int64_t place = 0;
  c10::Device device{c10::kCPU};
  Side side = Side::target;     // whose steps it runs over
  bool recurrent = false;       // a piece needs the one before it
  bool whole = false;           // its only piece is all steps
  bool spans_devices = false;   // it computes on other devices than its own, and does not only copy from them
  bool defers_weights = false;  // the derivatives of its parameters are work of their own
  std::vector<StageInput> inputs{};
  std::vector<at::Tensor> parameters{};  // those it multiplies by or looks up; a shared one may stand in two stages
  double products = 0;                   // multiplications and additions of one row's forward pass, as pairs
  int64_t width = 0;                     // numbers a row that it hands on
  int64_t kept = 0;                      // numbers a row that it keeps for its way back, what it hands on included
};

/// A batch on its way through one stage. All calls of a stage are made one after another. Pieces go forward in the
/// order of steps; they go backward in the reverse order where the stage is recurrent, and in any order where it is
/// not.
class StagePass {
 public:
  virtual ~StagePass() = default;
  virtual void forward(const Piece& piece) = 0;
  virtual void backward(const Piece& piece) = 0;
  /// Adds the contribution of a piece, or of several in a row, to the derivatives of the parameters, after their
  /// backward().
  virtual void weights(const Piece& piece) = 0;
  /// Adds the derivatives to grad() of the parameters. Once, after the last weights().
  virtual void deliver() = 0;
};

/// Batch for a model that runs in stages, on the CPU or any device.
struct StagedInputs {
  Packed source, inputs;  // ids [N]
  Ids targets;            // [N] in the layout of `inputs`
  LossSpec spec;          // with row_scale
  const Draw* draw = nullptr;
};

/// A batch on its way through all stages of a model.
struct StagedBatch {
  std::vector<std::unique_ptr<StagePass>> passes;  // one a stage
  at::Tensor losses;                               // [N] of the target rows, filled piece by piece
};

/// A model that can run in stages.
class StagedModel {
 public:
  virtual ~StagedModel() = default;
  /// In an order in which each comes after those it needs.
  virtual std::vector<Stage> stages() const = 0;
  /// Starts one batch through stages(). Copies what it needs of `batch`; the model and `batch.draw` must outlive the
  /// result.
  virtual StagedBatch begin(const StagedInputs& batch) const = 0;
};

}  // namespace seq2seq::nn
