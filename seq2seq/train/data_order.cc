#include "seq2seq/train/data_order.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::train {
namespace {

/// 7 + 3.0 / 10 may lie a rounding below 7.3; no epoch has a thousand million batches, so nothing is brought forward.
constexpr double kRounding = 1e-9;

}  // namespace

DataOrder::DataOrder(const data::Corpus& corpus, const data::BatchOptions& options, uint64_t seed, int64_t epoch,
                     int64_t batch)
    : corpus_(&corpus), options_(options), seed_(seed), epoch_(epoch), batch_(batch) {
  if (corpus.pairs() == 0)
    throw Error("there is no pair to train on",
                "Give `data.train` files with pairs, none of them longer than `data.max_length`");
  plan_ = plan(epoch);
  if (batch_ >= std::ssize(plan_))
    throw FormatError(
        fmt::format("the checkpoint was written after {} batches of an epoch that has only {}: the training data is "
                    "not what it was",
                    batch_, plan_.size()));
}

std::vector<std::vector<int64_t>> DataOrder::take(int64_t count) {
  const auto first = plan_.begin() + batch_;
  const auto last = plan_.begin() + std::min(batch_ + count, std::ssize(plan_));
  std::vector<std::vector<int64_t>> taken(first, last);
  batch_ = last - plan_.begin();
  if (last == plan_.end()) {
    plan_ = plan(++epoch_);
    batch_ = 0;
  }
  return taken;
}

double DataOrder::epochs_made() const {
  return static_cast<double>(epoch_) + static_cast<double>(batch_) / static_cast<double>(plan_.size());
}

bool DataOrder::reached(double epochs) const { return epochs_made() >= epochs - kRounding; }

double DataOrder::updates_in(double epochs, int64_t accumulate) const {
  const auto batches = static_cast<double>(epoch_ == 0 ? plan_.size() : plan(0).size());
  const auto updates = [&](double part) { return std::ceil(part / static_cast<double>(accumulate)); };
  const double whole = std::floor(epochs);
  return whole * updates(batches) + updates(std::ceil((epochs - whole) * batches - kRounding));
}

std::vector<std::vector<int64_t>> DataOrder::plan(int64_t epoch) const {
  return data::plan_epoch(*corpus_, options_, seed_, epoch);
}

}  // namespace seq2seq::train
