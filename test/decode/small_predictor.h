#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "seq2seq/decode/predictor.h"

namespace seq2seq::test {

enum class Failure { cpu, other_device, standard, none };

/// Fails like an allocator if more than this many hypotheses are active.
class SmallPredictor final : public decode::Predictor {
 public:
  SmallPredictor(const decode::Predictor& whole, int64_t most, Failure failure)
      : whole_(&whole), most_(most), failure_(failure) {}
  std::unique_ptr<decode::PredictorState> start(const decode::Sources& sources) const override {
    sizes.push_back(sources.sentences());
    return whole_->start(sources);
  }
  void read(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const override {
    if (survivors.size(0) > most_) fail();
    whole_->read(state, survivors, tokens);
  }
  void append(decode::PredictorState& state, const decode::PredictorState& other) const override {
    whole_->append(state, other);
  }
  std::unique_ptr<decode::PredictorState> selected(const decode::PredictorState& state,
                                                   const nn::Ids& hypotheses) const override {
    return whole_->selected(state, hypotheses);
  }
  nn::TopK best(const decode::PredictorState& state, int64_t k, const nn::Bans& bans) const override {
    return whole_->best(state, k, bans);
  }
  at::Tensor log_probabilities(const decode::PredictorState& state, int64_t first, int64_t count) const override {
    return whole_->log_probabilities(state, first, count);
  }
  at::Tensor score(const decode::Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                   const nn::Ids& owner) const override {
    if (sources.sentences() > most_) fail();
    return whole_->score(sources, inputs, targets, owner);
  }

  mutable std::vector<int64_t> sizes;  // sentences of each search

 private:
  void fail() const {
    constexpr int64_t petabyte = int64_t{1} << 50;
    if (failure_ == Failure::cpu) at::empty({petabyte}, at::kByte);  // the message of LibTorch's allocator
    if (failure_ == Failure::other_device) TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory");
    if (failure_ == Failure::standard) throw std::bad_alloc();
    throw std::logic_error("not a fault of memory");
  }

  const decode::Predictor* whole_;
  int64_t most_;
  Failure failure_;
};

}  // namespace seq2seq::test
