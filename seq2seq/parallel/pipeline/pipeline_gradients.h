#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/parallel/pipeline/executor.h"
#include "seq2seq/parallel/pipeline/split_batch.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "seq2seq/parallel/timeline/timeline.h"
#include "seq2seq/train/gradient_source.h"

namespace seq2seq::parallel {

/// Receiver of the timelines of some updates. Recording a timeline slows the update down.
struct Observer {
  std::function<bool(int64_t update)> wants;
  std::function<void(const Timeline& timeline)> take;
};

/// Computes gradients stage by stage, piece by piece, in the order of a schedule. This class runs forward and backward;
/// the autograd engine sees at most one piece of one stage. Results equal those of train::SerialGradients up to
/// rounding.
class PipelineGradients final : public train::GradientSource {
 public:
  /// `staged` is `model`, which must outlive this object. `chunk`: steps per piece, if the schedule cuts the steps.
  PipelineGradients(const nn::Model& model, const nn::StagedModel& staged, const train::LossOptions& options,
                    std::shared_ptr<const Schedule> schedule, int64_t chunk, std::unique_ptr<Executor> executor,
                    Observer observer = {});

  std::vector<at::Tensor> accumulate(const std::vector<data::Batch>& batches, double divisor,
                                     const nn::Draw& draw) override;

 private:
  struct Part;
  struct Reports {
    bool timeline = false;  // true if the observer wants it
    bool ready = false;     // true: calls ready() for finished gradients
  };
  at::Tensor run(const data::Batch& batch, double divisor, const nn::Draw& draw, bool is_last);
  Part begin(const BatchPart& part, double divisor, const nn::Draw& draw) const;
  void run_jobs(const JobGraph& graph, std::vector<Part>& parts, const Reports& reports);
  void announce(const nn::Stage& stage);

  const nn::Model& model_;
  const nn::StagedModel& staged_;
  std::vector<nn::Stage> stages_;
  std::vector<bool> shares_;  // by stage: whether another stage uses one of its parameters
  train::LossOptions options_;
  std::shared_ptr<const Schedule> schedule_;
  int64_t chunk_;
  std::unique_ptr<Executor> executor_;
  Observer observer_;
  std::mutex announcing_;
};

}  // namespace seq2seq::parallel
