#include "seq2seq/nn/output/estimating.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/index_select.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {
namespace {

using Distribution = EstimatingOutputOptions::Distribution;

const OutputContext& whole(const OutputContext& context, const std::string& kind) {
  check_whole(context, kind);
  return context;
}

}  // namespace

void declare(config::Keys& keys, EstimatingOutputOptions& options) {
  keys.add("bias", options.bias, "add a bias per word");
  keys.add("samples", options.samples,
           "words drawn per update, shared by all its rows, frequent words more often. More is slower and more "
           "accurate; "
           "the size of the vocabulary or more: exact")
      .unit("words")
      .at_least(1)
      .at_most(1e9);
  keys.add("distribution", options.distribution,
           {{"log_uniform", Distribution::log_uniform}, {"unigram", Distribution::unigram}},
           "how often words are drawn. log_uniform: proportional to log(1 + 1 / (id + 1)); unigram: proportional to "
           "their counts in the training text (Mnih and Teh 2012)");
  keys.add("exponent", options.exponent,
           "with `unigram`, power of the counts, such as 0.75 (Mikolov et al. 2013); 0: all words equally often")
      .at_least(0)
      .at_most(2);
  keys.rule("exponent", [&options] {
    return options.exponent != 1 && options.distribution != Distribution::unigram
               ? "is a power of counts. Set `distribution: unigram`, or leave it out"
               : "";
  });
}

void check_whole(const OutputContext& context, const std::string& kind) {
  if (context.placement.output.size() <= 1) return;
  throw UsageError(fmt::format("the output layer `{}` cannot be split by words, but the placement gives it {} devices",
                               kind, context.placement.output.size()),
                   "Name one device under `placement.output`, or use `model.output.kind: full`");
}

EstimatingOutput::EstimatingOutput(const EstimatingOutputOptions& options, const OutputContext& context,
                                   const std::string& kind, std::optional<double> bias_start)
    : FullOutput({.bias = options.bias}, whole(context, kind), bias_start),
      samples_(options.samples),
      distribution_(options.distribution) {
  if (home().is_meta()) return;                          // made only for its sizes
  if (reads_counts() && !context.target_counts) return;  // made for use without training, which draws no words
  const auto weights = reads_counts() ? unigram_weights(context.target_counts(), options.exponent)
                                      : log_uniform_weights(context.vocabulary);
  if (std::ssize(weights) != context.vocabulary) throw std::logic_error("a word of the vocabulary has no count");
  sampler_ = std::make_unique<WordSampler>(weights, options.samples);
}

int64_t EstimatingOutput::estimated_words() const { return std::min(samples_, weight().size(0)) + 1; }

EstimatingOutput::Candidates EstimatingOutput::candidates(const Features& features, const Ids& targets,
                                                          const Draw& draw) const {
  check_rows(features, targets.size(0));
  if (sampler_ == nullptr) throw std::logic_error("the output layer has no counts to draw words by");
  const auto device = home();
  const auto drawn = sampler_->draw(draw);
  Candidates found;
  found.rows = features.rows.to(device);
  found.targets = targets.to(device);
  found.words = drawn.to(device);
  const int64_t samples = drawn.size(0), rows = found.rows.size(0);
  // Looks up both at once, so that the matrix has one dense gradient.
  const auto ids = at::cat({found.words, found.targets});
  const auto vectors = at::embedding(weight(), ids);
  const auto options = weight().options().requires_grad(false);
  const auto expected = sampler_->log_expected().index_select(0, ids.to(at::kCPU)).to(options);
  found.sampled_vectors = vectors.narrow(0, 0, samples);
  found.sampled_expected = expected.narrow(0, 0, samples);
  found.target_expected = expected.narrow(0, samples, rows);
  found.target_logits = (found.rows * vectors.narrow(0, samples, rows)).sum(1);
  found.sampled_offsets = -found.sampled_expected;
  if (bias().defined()) {
    const auto biases = bias().index_select(0, ids);
    found.target_logits = found.target_logits + biases.narrow(0, samples, rows);
    found.sampled_offsets = found.sampled_offsets + biases.narrow(0, 0, samples);
  }
  return found;
}

}  // namespace seq2seq::nn
