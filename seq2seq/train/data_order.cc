#include "seq2seq/train/data_order.h"

#include <cmath>
#include <utility>

#include "seq2seq/data/bucket.h"

namespace seq2seq::train {
namespace {

/// 7 + 3.0 / 10 may be slightly less than 7.3. An epoch has fewer than 10^9 batches, so this never ends one too early.
constexpr double kRounding = 1e-9;

}  // namespace

DataOrder::DataOrder(const data::Corpus& corpus, const data::TextPipeline& text, const data::BatchOptions& options,
                     int64_t accumulate, uint64_t seed, const data::DataPosition& from, const data::Deal& deal)
    : DataOrder(data::BatchStream(corpus, text, options, seed, from, deal),
                from.epoch == 0 ? std::nullopt : std::optional(data::plan_epoch(corpus, options, seed, 0).batches()),
                options.prefetch, accumulate, from) {}

DataOrder::DataOrder(data::BatchStream stream, std::optional<int64_t> batches_of_first, int64_t prefetch,
                     int64_t accumulate, const data::DataPosition& from)
    : accumulate_(accumulate),
      position_(from),
      batches_(stream.batches()),
      batches_of_first_(batches_of_first.value_or(batches_)),
      loader_(std::move(stream), prefetch * accumulate) {}

std::vector<data::Batch> DataOrder::take() {
  std::vector<data::Batch> taken;
  do {
    auto next = loader_.next();
    taken.push_back(std::move(next.batch));
    batches_ = next.batches;
    position_ = {.epoch = next.position.epoch, .batch = next.position.batch + 1};
  } while (position_.batch < batches_ && std::ssize(taken) < accumulate_);
  if (position_.batch == batches_) position_ = {.epoch = position_.epoch + 1, .batch = 0};
  return taken;
}

double DataOrder::epochs_made() const {
  return static_cast<double>(position_.epoch) + static_cast<double>(position_.batch) / static_cast<double>(batches_);
}

bool DataOrder::reached(double epochs) const { return epochs_made() >= epochs - kRounding; }

double DataOrder::updates_in(double epochs) const {
  const auto batches = static_cast<double>(batches_of_first_);
  const auto updates = [this](double part) { return std::ceil(part / static_cast<double>(accumulate_)); };
  const double whole = std::floor(epochs);
  return whole * updates(batches) + updates(std::ceil((epochs - whole) * batches - kRounding));
}

}  // namespace seq2seq::train
