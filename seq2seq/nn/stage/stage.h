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

/// Dependency of a stage on another stage, before it runs a piece forward.
struct StageInput {
  enum class Needs {
    steps,  // the rows of the same steps
    end,    // its last state
    rows    // all its rows
  };
  int64_t stage = 0;  // number of the other stage in the list; smaller than its own
  Needs needs = Needs::steps;
};

/// A part of a model that runs piece by piece at one place: an embedding, a layer, a share of the output layer. Stages
/// are plain data for schedules and planners.
struct Stage {
  std::string name;  // as in Placement: `embeddings.source`, `encoder.0`, `output.2`, `loss`
  int64_t place = 0;
  c10::Device device{c10::kCPU};
  Side side = Side::target;     // the steps of this side
  bool recurrent = false;       // a piece needs the previous piece
  bool whole = false;           // all steps are a single piece
  bool spans_devices = false;   // computes on other devices, too, and does not only copy from them
  bool defers_weights = false;  // computes the derivatives of its parameters separately
  std::vector<StageInput> inputs{};
  std::vector<at::Tensor> parameters{};  // those it multiplies by or looks up; two stages may share one
  double products = 0;                   // multiply-adds of one row's forward pass
  int64_t width = 0;                     // numbers per row that it passes on
  int64_t kept = 0;                      // numbers per row that it keeps for its backward pass, its output included
};

/// The pass of a batch through one stage. Calls of a stage never overlap. Pieces run forward in the order of steps.
/// They run backward in the reverse order if the stage is recurrent, otherwise in any order.
class StagePass {
 public:
  virtual ~StagePass() = default;
  virtual void forward(const Piece& piece) = 0;
  virtual void backward(const Piece& piece) = 0;
  /// Adds the contribution of a piece, or of several consecutive pieces, to the derivatives of the parameters, after
  /// their backward().
  virtual void weights(const Piece& piece) = 0;
  /// Adds the derivatives to grad() of the parameters. Call it once, after the last weights().
  virtual void deliver() = 0;
};

/// Batch for a model that runs in stages, on the CPU or any device.
struct StagedInputs {
  Packed source, inputs;  // ids [N]
  Ids targets;            // [N] in the layout of `inputs`
  LossSpec spec;          // with row_scale
  const Draw* draw = nullptr;
};

/// The pass of a batch through all stages of a model.
struct StagedBatch {
  std::vector<std::unique_ptr<StagePass>> passes;  // one a stage
  at::Tensor losses;                               // [N] of the target rows, filled piece by piece
};

/// A model that can run in stages.
class StagedModel {
 public:
  virtual ~StagedModel() = default;
  /// Returns the stages, each after those it depends on.
  virtual std::vector<Stage> stages() const = 0;
  /// Starts one batch through stages(). Copies the data it needs from `batch`; the model and `batch.draw` must outlive
  /// the result.
  virtual StagedBatch begin(const StagedInputs& batch) const = 0;
};

}  // namespace seq2seq::nn
