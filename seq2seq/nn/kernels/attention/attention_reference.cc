// The equations as they stand, for processors without the vector instructions.

#include <algorithm>
#include <cmath>
#include <limits>

#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/attention/dropout_lanes.h"

namespace seq2seq::nn::kernels::reference {
namespace {

void dots(const RowDots& p) {
  for (int64_t r = 0; r < p.rows; ++r) {
    for (int64_t c = 0; c < p.columns; ++c) {
      float sum = 0;
      for (int64_t k = 0; k < p.depth; ++k) sum += p.left[r * p.left_stride + k] * p.right[c * p.right_stride + k];
      p.out[r * p.out_stride + c] = sum * p.scale;
    }
  }
}

void multiply(const RowProduct& p) {
  for (int64_t r = 0; r < p.rows; ++r) {
    for (int64_t c = 0; c < p.columns; ++c) {
      float& out = p.out[r * p.out_stride + c];
      float sum = p.add ? out : 0;
      for (int64_t k = 0; k < p.depth; ++k)
        sum += p.left[r * p.row_stride + k * p.depth_stride] * p.right[k * p.right_stride + c];
      out = sum;
    }
  }
}

void softmax(float* row, int64_t count) {
  const float top = *std::max_element(row, row + count);
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += row[i] = std::exp(row[i] - top);
  for (int64_t i = 0; i < count; ++i) row[i] /= sum;
}

void softmax_gradient(const float* weights, float* gradient, int64_t count, float scale) {
  float mean = 0;
  for (int64_t i = 0; i < count; ++i) mean += weights[i] * gradient[i];
  for (int64_t i = 0; i < count; ++i) gradient[i] = scale * weights[i] * (gradient[i] - mean);
}

void additive_scores(const AdditiveScores& p) {
  for (int64_t r = 0; r < p.rows; ++r) {
    for (int64_t c = 0; c < p.columns; ++c) {
      float sum = 0;
      for (int64_t a = 0; a < p.width; ++a)
        sum += p.v[a] * std::tanh(p.queries[r * p.query_stride + a] + p.keys[c * p.key_stride + a]);
      p.scores[r * p.columns + c] = sum;
    }
  }
}

void additive_gradient(const AdditiveScores& p, const AdditiveGradient& g) {
  std::fill_n(g.queries, p.rows * p.width, 0.0F);
  for (int64_t r = 0; r < p.rows; ++r) {
    for (int64_t c = 0; c < p.columns; ++c) {
      const float output_gradient = p.scores[r * p.columns + c];
      for (int64_t a = 0; a < p.width; ++a) {
        const float t = std::tanh(p.queries[r * p.query_stride + a] + p.keys[c * p.key_stride + a]);
        const float d = output_gradient * p.v[a] * (1 - t * t);
        g.queries[r * p.width + a] += d;
        g.keys[c * p.width + a] += d;
        g.v[a] += output_gradient * t;
      }
    }
  }
}

void pack_columns(const float* rows, int64_t stride, int64_t depth, int64_t count, float scale, float* to,
                  int64_t lanes) {
  for (int64_t k = 0; k < depth; ++k) {
    for (int64_t i = 0; i < lanes; ++i) to[k * lanes + i] = i < count ? scale * rows[i * stride + k] : 0;
  }
}

int64_t seen(const ScoreColumns& p, int64_t lane) { return std::clamp<int64_t>(p.seen_by_first + lane, 0, p.keys); }

void softmax_columns(const ScoreColumns& p) {
  for (int64_t lane = 0; lane < p.lanes; ++lane) {
    float top = -std::numeric_limits<float>::infinity(), sum = 0;
    const auto score = [&](int64_t key) -> float& { return p.scores[key * p.lanes + lane]; };
    for (int64_t key = 0; key < seen(p, lane); ++key) top = std::max(top, score(key));
    for (int64_t key = 0; key < seen(p, lane); ++key) sum += score(key) = std::exp(score(key) - top);
    for (int64_t key = 0; key < p.keys; ++key) score(key) = key < seen(p, lane) ? score(key) / sum : 0;
    p.log_sum[lane] = top + std::log(sum);
  }
}

void weights_of_columns(const ScoreColumns& p) {
  for (int64_t lane = 0; lane < p.lanes; ++lane) {
    for (int64_t key = 0; key < p.keys; ++key) {
      float& score = p.scores[key * p.lanes + lane];
      score = key < seen(p, lane) ? std::exp(score - p.log_sum[lane]) : 0;
    }
  }
}

void softmax_gradient_columns(const ScoreColumns& p, float* gradient, float scale) {
  for (int64_t lane = 0; lane < p.lanes; ++lane) {
    float mean = 0;
    for (int64_t at = lane; at < p.keys * p.lanes; at += p.lanes) mean += p.scores[at] * gradient[at];
    for (int64_t at = lane; at < p.keys * p.lanes; at += p.lanes)
      gradient[at] = scale * p.scores[at] * (gradient[at] - mean);
  }
}

void scale(float* to, const float* by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] *= by[i];
}

void add(float* to, const float* by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] += by[i];
}

}  // namespace

AttentionKernels attention_kernels() {
  return {.lanes = 1,
          .dots = dots,
          .multiply = multiply,
          .softmax = softmax,
          .softmax_gradient = softmax_gradient,
          .additive_scores = additive_scores,
          .additive_gradient = additive_gradient,
          .pack_columns = pack_columns,
          .softmax_columns = softmax_columns,
          .weights_of_columns = weights_of_columns,
          .softmax_gradient_columns = softmax_gradient_columns,
          .fill_mask = fill_mask,
          .scale = scale,
          .add = add};
}

}  // namespace seq2seq::nn::kernels::reference
