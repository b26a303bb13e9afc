#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/used_rows.h"
#include "seq2seq/parallel/distributed/process_group.h"
#include "seq2seq/train/gradient_source.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::parallel {

/// Sums the gradients of another source over all ranks. Dense gradients are sent in buckets of about 25 MB, in a fixed
/// order of parameters, each bucket as soon as the backward pass has filled it and those before it. For tables that are
/// only looked up, only used rows are sent; they are added in order of ranks. All ranks end with the same bits.
class DataParallel final : public train::GradientSource {
 public:
  static constexpr int64_t kBucketBytes = 25'000'000;

  /// `parameters`: the trained parameters of the model, each once. `source` and `group` must outlive it.
  DataParallel(train::GradientSource& source, ProcessGroup& group, const nn::Model& model,
               const train::NamedParameters& parameters, int64_t bucket_bytes = kBucketBytes);
  ~DataParallel() override;
  DataParallel(const DataParallel&) = delete;
  DataParallel& operator=(const DataParallel&) = delete;

  /// As in the source, with `divisor` for the joint batch; the gradients must be undefined before. Returns this rank's
  /// losses.
  std::vector<at::Tensor> accumulate(const std::vector<data::Batch>& batches, double divisor,
                                     const nn::Draw& draw) override;

 private:
  struct Slot {
    at::Tensor parameter;
    std::size_t bucket = 0;
    int64_t first = 0;  // place in the bucket
    bool ready = false;
  };
  struct Bucket {
    at::Tensor numbers;  // one-dimensional
    std::size_t slots = 0, ready = 0;
    std::shared_ptr<ProcessGroup::Sum> sum;
  };
  void add_slot(const at::Tensor& parameter, int64_t bucket_bytes);
  void take(const at::Tensor& parameter);
  void take(Slot& slot);
  void start_full_buckets();
  void finish_buckets(const std::vector<int64_t>& defined);
  std::vector<int64_t> sum_tables();
  void take_rows(const std::vector<int64_t>& counts, const at::Tensor& ids, const at::Tensor& numbers,
                 std::vector<std::vector<nn::UsedRows>>& all) const;
  std::vector<std::vector<int64_t>> gather_counts(const std::vector<nn::UsedRows>& used);

  train::GradientSource& source_;
  ProcessGroup& group_;
  std::vector<Slot> slots_;
  std::map<const at::TensorImpl*, std::size_t> slot_of_;
  std::vector<Bucket> buckets_;
  std::size_t started_ = 0;  // buckets started in this update
  std::vector<at::Tensor> tables_;
};

}  // namespace seq2seq::parallel
