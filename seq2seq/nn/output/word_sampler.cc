#include "seq2seq/nn/output/word_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/core/random.h"

namespace seq2seq::nn {

WordSampler::WordSampler(const std::vector<double>& weights, int64_t samples) : order_(weights.size()) {
  std::iota(order_.begin(), order_.end(), 0);
  std::ranges::stable_sort(order_, [&](int64_t one, int64_t other) {
    return weights[static_cast<size_t>(one)] > weights[static_cast<size_t>(other)];
  });
  const auto words = std::ssize(order_);
  const int64_t drawn = std::min(samples, words);
  const auto weight_of = [&](int64_t place) {
    return weights[static_cast<size_t>(order_[static_cast<size_t>(place)])];
  };
  std::vector<double> left(order_.size() + 1, 0);  // the total weight from each place on
  for (int64_t place = words - 1; place >= 0; --place)
    left[static_cast<size_t>(place)] = left[static_cast<size_t>(place) + 1] + weight_of(place);
  if (drawn == words) always_ = words;
  while (always_ < drawn - 1 &&
         static_cast<double>(drawn - always_) * weight_of(always_) >= left[static_cast<size_t>(always_)])
    ++always_;
  draws_ = drawn - always_;
  log_expected_ = at::empty({words}, at::kDouble);
  auto* logs = log_expected_.mutable_data_ptr<double>();
  double sum = 0;
  for (int64_t place = 0; place < words; ++place) {
    const double expected =
        place < always_ ? 1 : static_cast<double>(draws_) * weight_of(place) / left[static_cast<size_t>(always_)];
    logs[order_[static_cast<size_t>(place)]] = std::log(expected);
    if (place >= always_) cumulative_.push_back(sum += expected);
  }
}

Ids WordSampler::draw(const Draw& draw) const {
  const RandomStream stream(draw.seed, Purpose::sampling);
  std::vector<int64_t> words(order_.begin(), order_.begin() + always_);
  auto first = cumulative_.begin();
  for (int64_t share = 0; share < draws_; ++share) {
    const double at =
        static_cast<double>(share) + stream.uniform(static_cast<uint64_t>(draw.update), static_cast<uint32_t>(share));
    first = std::upper_bound(first, cumulative_.end() - 1, at);  // rounding errors fall to the last word
    words.push_back(order_[static_cast<size_t>(always_ + (first - cumulative_.begin()))]);
  }
  return at::tensor(words, at::kLong);
}

std::vector<double> log_uniform_weights(int64_t vocabulary) {
  std::vector<double> weights;
  for (int64_t id = 0; id < vocabulary; ++id) weights.push_back(std::log1p(1 / static_cast<double>(id + 1)));
  return weights;
}

std::vector<double> unigram_weights(const std::vector<int64_t>& counts, double exponent) {
  std::vector<double> weights;
  weights.reserve(counts.size());
  for (const int64_t count : counts)
    weights.push_back(std::pow(static_cast<double>(std::max<int64_t>(count, 1)), exponent));
  return weights;
}

}  // namespace seq2seq::nn
