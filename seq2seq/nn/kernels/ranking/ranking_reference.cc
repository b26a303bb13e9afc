// The kernels as they are written, for processors without the vector instructions.

#include <algorithm>
#include <cmath>

#include "seq2seq/nn/kernels/ranking/ranking_isa.h"

namespace seq2seq::nn::kernels::reference {
namespace {

ExponentialSum sum(const float* z, int64_t count) {
  ExponentialSum found{.largest = -INFINITY, .sum = 0};
  for (int64_t i = 0; i < count; ++i) found.largest = std::max(found.largest, z[i]);
  const float reference = found.largest == -INFINITY ? 0 : found.largest;
  for (int64_t i = 0; i < count; ++i) found.sum += std::exp(z[i] - reference);
  return found;
}

int64_t above(const float* z, int64_t count, float least, int32_t* places) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i)
    if (z[i] > least) places[found++] = static_cast<int32_t>(i);
  return found;
}

void add_exponentials(const MixtureTerm& of) {
  for (int64_t i = 0; i < of.count; ++i) of.sum[i] += of.weight * std::exp(of.z[i] - of.normalizer);
}

void add_logs(const MixtureTerm& of) {
  for (int64_t i = 0; i < of.count; ++i) of.sum[i] += of.weight * (of.z[i] - of.normalizer);
}

}  // namespace

RankingKernels ranking_kernels() {
  return {.lanes = 1, .sum = sum, .above = above, .add_exponentials = add_exponentials, .add_logs = add_logs};
}

}  // namespace seq2seq::nn::kernels::reference
