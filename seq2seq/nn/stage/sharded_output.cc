#include <map>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "seq2seq/nn/output/softmax_shard.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Data exchanged between the shards and the loss, piece by piece.
struct Exchange {
  std::vector<Tensor> statistics;  // one a shard, [N, 4] on its device
  Tensor normalizer;               // [N] at home
};

class ShardPass final : public StagePass {
 public:
  ShardPass(const SoftmaxShard& shard, size_t number, const OutputStage& stage, std::shared_ptr<Exchange> exchange)
      : shard_(shard),
        number_(number),
        in_(stage.in),
        targets_(stage.targets),
        spec_(stage.spec),
        exchange_(std::move(exchange)),
        reader_(in_->add_reader(shard.device())) {
    const auto options = at::TensorOptions(in_->place().type).device(shard.device());
    exchange_->statistics.push_back(at::empty({targets_.size(0), 4}, options));
  }

  void forward(const Piece& piece) override {
    auto found = shard_.forward(piece.of(in_->rows()), piece.of(targets_));
    piece.of(exchange_->statistics[number_]).copy_(found.statistics);
    runs_[piece.first_step] = {piece, std::move(found), {}};
  }

  void backward(const Piece& piece) override {
    auto& run = runs_.at(piece.first_step);
    const auto device = shard_.device();
    run.logit_gradient = shard_.logit_gradient(run.found, piece.of(exchange_->normalizer).to(device),
                                               piece.of(spec_.row_scale).to(device), spec_.label_smoothing);
    if (reader_.defined()) piece.of(reader_).copy_(shard_.hidden_gradient(run.logit_gradient));
  }

  void weights(const Piece& piece) override {
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      auto& [of, found, logit_gradient] = run->second;
      if (of.first_step < piece.first_step || of.last_step > piece.last_step) continue;
      shard_.add_weight_gradient(gradient_, found.rows, logit_gradient);
      found = {};
      logit_gradient.reset();
    }
  }

  void deliver() override { shard_.deliver(gradient_); }

 private:
  struct Run {
    Piece piece;
    SoftmaxShard::Forward found;
    Tensor logit_gradient;
  };
  const SoftmaxShard& shard_;
  size_t number_;
  std::shared_ptr<RowFlow> in_;
  Ids targets_;
  LossSpec spec_;
  std::shared_ptr<Exchange> exchange_;
  Tensor reader_;
  SoftmaxShard::Gradient gradient_;
  std::map<int64_t, Run> runs_;  // by their first step
};

/// Joins the results of the shards at home. The shards compute the backward pass.
class LossPass final : public StagePass {
 public:
  LossPass(const OutputStage& stage, std::shared_ptr<Exchange> exchange)
      : losses_(stage.losses),
        spec_(stage.spec),
        vocabulary_(stage.output.shards().front().vocabulary()),
        exchange_(std::move(exchange)) {
    exchange_->normalizer = at::empty_like(losses_);
  }

  void forward(const Piece& piece) override {
    std::vector<Tensor> found;
    for (const auto& statistics : exchange_->statistics) found.push_back(piece.of(statistics).to(losses_.device()));
    const auto joined = join(found, spec_.label_smoothing, vocabulary_);
    piece.of(losses_).copy_(joined.losses);
    piece.of(exchange_->normalizer).copy_(joined.normalizer);
  }
  void backward(const Piece&) override {}
  void weights(const Piece&) override {}
  void deliver() override {}

 private:
  Tensor losses_;
  LossSpec spec_;
  int64_t vocabulary_;
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::vector<std::unique_ptr<StagePass>> sharded_output_passes(OutputStage stage) {
  const auto& shards = stage.output.shards();
  const auto exchange = std::make_shared<Exchange>();
  std::vector<std::unique_ptr<StagePass>> passes;
  for (size_t number = 0; number < shards.size(); ++number)
    passes.push_back(std::make_unique<ShardPass>(shards[number], number, stage, exchange));
  passes.push_back(std::make_unique<LossPass>(stage, exchange));
  return passes;
}

}  // namespace seq2seq::nn
