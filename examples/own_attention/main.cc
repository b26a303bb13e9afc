// The whole program `seq2seq` with one more attention: `model.attention: {kind: cosine, ...}`.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>

#include "seq2seq/cli/command.h"
#include "seq2seq/config/keys.h"
#include "seq2seq/nn/attention/attention.h"

namespace {

using seq2seq::nn::AttentionContext;
using seq2seq::nn::AttentionMemory;
using seq2seq::nn::AttentionPairs;
using seq2seq::nn::AttentionQueries;
using seq2seq::nn::AttentionResult;

struct CosineOptions {
  double sharpness = 10;
};

/// Declares the keys of the kind: `seq2seq config reference` and the checks of a configuration come from here.
void declare(seq2seq::config::Keys& keys, CosineOptions& options) {
  keys.add("sharpness", options.sharpness, "factor of the cosine before the softmax").above(0);
}

/// Scales rows to length 1.
at::Tensor unit(const at::Tensor& rows) {
  return rows / at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min(1e-6);
}

/// Scores a query q against a state h by sharpness * cos(W q, h): the content addressing of Graves et al. 2014, arXiv
/// 1410.5401, equations 5 and 6.
class Cosine final : public seq2seq::nn::Attention {
 public:
  using Options = CosineOptions;
  Cosine(const Options& options, const AttentionContext& context)
      : sharpness_(options.sharpness),
        weight_(add_parameter("weight", {context.memory, context.query}, {}, context.place)) {}

  /// states [K, M]: of all sentences, one after another. Called once per batch.
  AttentionMemory prepare(const at::Tensor& states) const override { return {.keys = unit(states), .values = states}; }

  /// `pairs` says which rows of the memory each query sees; attend_by_scores() computes the softmax over them.
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override {
    const auto scaled = unit(at::matmul(queries.rows, weight_.t())) * sharpness_;  // [Q, M]
    return seq2seq::nn::attend_by_scores(seq2seq::nn::dot_scores(scaled, memory.keys, pairs), memory, pairs);
  }

  int64_t width() const override { return weight_.size(0); }

 private:
  double sharpness_;
  at::Tensor weight_;  // [M, H]
};

}  // namespace

int main(int count, char** words) {
  auto registries = seq2seq::run::builtin_registries();
  registries.parts->attentions.add<Cosine>("cosine", "the cosine of query and state; Graves et al. 2014");
  return seq2seq::cli::run(count, words, registries);
}
