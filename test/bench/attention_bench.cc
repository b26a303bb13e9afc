// usage: attention_bench THREADS SECONDS [NAME ...]
//
// Prints as JSON, for each case, the milliseconds of forward and backward by the operations of nn/attention on packed
// sentences and by those of LibTorch on padded ones (scaled_dot_product_attention; baddbmm, masked softmax and bmm),
// and their ratio. Sentences have T/2 to T words, 64 in a batch. A time is the median of seven; the two alternate.
// NAMEs select the cases that contain one of them. scripts/bench attention runs it.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tanh.h>
#include <c10/core/GradMode.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/nn/attention/operations.h"

namespace {

using at::Tensor;
using Json = nlohmann::ordered_json;
using Lengths = std::vector<int64_t>;
using namespace seq2seq::nn;

constexpr int64_t sentences = 64;

Lengths random_lengths(int64_t longest, unsigned seed) {
  std::mt19937 generator(seed);
  Lengths lengths;
  for (int64_t i = 0; i < sentences; ++i)
    lengths.push_back(longest - static_cast<int64_t>(generator() % static_cast<uint64_t>(longest / 2 + 1)));
  return lengths;
}

int64_t sum(const Lengths& lengths) { return std::accumulate(lengths.begin(), lengths.end(), int64_t{0}); }

Tensor leaf(at::IntArrayRef shape) { return at::randn(shape).mul_(0.3).requires_grad_(); }

/// Returns [B, longest], true at the words of a sentence.
Tensor words_of(const Lengths& lengths, int64_t longest) {
  return at::arange(longest).unsqueeze(0) < at::tensor(at::ArrayRef<int64_t>(lengths)).unsqueeze(1);
}

/// Two implementations of one case, for repeated calls.
struct Case {
  std::string name;
  std::function<void()> ours, theirs;
};

/// Runs backward from ones.
void back(const std::vector<Tensor>& results, std::vector<Tensor> leaves) {
  std::vector<Tensor> ones;
  for (const auto& result : results) ones.push_back(at::ones_like(result));
  torch::autograd::backward(results, ones);
  for (auto& one : leaves) one.mutable_grad() = Tensor();
}

Case multi_head(int64_t longest, int64_t heads, int64_t width, bool causal, double dropped = 0) {
  const auto lengths = random_lengths(longest, 1);
  const auto rows = sum(lengths), all = heads * width;
  const auto pairs = pairs_of_sentences(lengths, lengths, c10::kCPU);
  const MultiHead shape{.heads = heads, .scale = 1 / std::sqrt(static_cast<double>(width)), .causal = causal};
  const WeightDropout dropout{.share = dropped,
                              .site = Site::of_module("bench"),
                              .draw = {.seed = 1, .update = 1},
                              .pair_keys = Lengths(sentences, 1),
                              .first_position = 0};
  const std::vector<Tensor> packed{leaf({rows, all}), leaf({rows, all}), leaf({rows, all})};
  std::vector<Tensor> padded;
  for (int i = 0; i < 3; ++i) padded.push_back(leaf({sentences, longest, all}));
  // Pads are last, so causal queries of words do not see them.
  const auto mask = causal ? Tensor() : words_of(lengths, longest).view({sentences, 1, 1, longest});
  return {
      .name = "multi-head T " + std::to_string(longest) + ", " + std::to_string(heads) + " x " + std::to_string(width) +
              (causal ? ", causal" : "") + (dropped > 0 ? ", dropout" : ""),
      .ours = [=] { back({multi_head_attention(packed[0], packed[1], packed[2], pairs, shape, &dropout)}, packed); },
      .theirs =
          [=] {
            const auto by_head = [&](const Tensor& x) {
              return x.view({sentences, longest, heads, width}).transpose(1, 2);
            };
            const auto context =
                at::scaled_dot_product_attention(by_head(padded[0]), by_head(padded[1]), by_head(padded[2]),
                                                 mask.defined() ? std::optional(mask) : std::nullopt, dropped, causal);
            back({context.transpose(1, 2).reshape({sentences, longest, all})}, padded);
          }};
}

/// Scores [B, steps, S] to contexts.
Tensor by_padded_scores(const Tensor& scores, const Tensor& hidden, const Tensor& values) {
  return at::bmm(scores.masked_fill(hidden, -INFINITY).softmax(2), values);
}

Tensor padded_context(const Tensor& queries, const Tensor& keys, const Tensor& v, const Tensor& hidden) {
  const auto scores = v.defined() ? at::matmul(at::tanh(queries.unsqueeze(2) + keys.unsqueeze(1)), v)
                                  : at::bmm(queries, keys.transpose(1, 2));
  return by_padded_scores(scores, hidden, keys);
}

Tensor packed_context(const Tensor& queries, const Tensor& keys, const Tensor& v, const AttentionPairs& pairs) {
  return v.defined() ? attend_additive(queries, keys, keys, v, pairs).context
                     : attend_dot(queries, keys, keys, pairs).context;
}

struct Decoder {
  Decoder(int64_t longest, int64_t width, bool additive)
      : longest(longest),
        width(width),
        source(random_lengths(longest, 2)),
        target(random_lengths(longest, 3)),
        v(additive ? leaf({width}) : Tensor()),
        packed_keys(leaf({sum(source), width})),
        padded_keys(leaf({sentences, longest, width})),
        hidden(words_of(source, longest).logical_not().unsqueeze(1)) {}

  std::vector<Tensor> leaves(std::vector<Tensor> others) const {
    if (v.defined()) others.push_back(v);
    return others;
  }
  std::string name(const std::string& what) const {
    return (v.defined() ? "additive " : "dot ") + what + " T " + std::to_string(longest) + ", " + std::to_string(width);
  }

  int64_t longest, width;
  Lengths source, target;
  Tensor v, packed_keys, padded_keys, hidden;
};

Case all_steps(int64_t longest, int64_t width, bool additive) {
  const Decoder d(longest, width, additive);
  const auto pairs = pairs_of_sentences(d.target, d.source, c10::kCPU);
  const auto packed = leaf({sum(d.target), width}), padded = leaf({sentences, longest, width});
  return {.name = d.name("all steps"),
          .ours =
              [=] {
                back({packed_context(packed, d.packed_keys, d.v, pairs)}, d.leaves({packed, d.packed_keys}));
              },
          .theirs =
              [=] {
                back({padded_context(padded, d.padded_keys, d.v, d.hidden)}, d.leaves({padded, d.padded_keys}));
              }};
}

/// One call per step, as with input feeding; ours only passes the sentences that have not ended.
Case step_by_step(int64_t longest, int64_t width, bool additive) {
  const Decoder d(longest, width, additive);
  std::vector<std::vector<int64_t>> owners;
  for (int64_t step = 0; step < longest; ++step) {
    auto& running = owners.emplace_back();
    for (int64_t i = 0; i < sentences; ++i) {
      if (step < d.target[static_cast<size_t>(i)]) running.push_back(i);
    }
  }
  const auto packed = leaf({sentences, width}), padded = leaf({sentences, 1, width});
  return {.name = d.name("a step"),
          .ours =
              [=] {
                std::vector<Tensor> contexts;
                for (const auto& running : owners) {
                  const auto pairs = pairs_of_owners(running, d.source, c10::kCPU);
                  const auto queries = packed.narrow(0, 0, pairs.queries());
                  contexts.push_back(packed_context(queries, d.packed_keys, d.v, pairs));
                }
                back(contexts, d.leaves({packed, d.packed_keys}));
              },
          .theirs =
              [=] {
                std::vector<Tensor> contexts;
                for (int64_t step = 0; step < d.longest; ++step)
                  contexts.push_back(padded_context(padded, d.padded_keys, d.v, d.hidden));
                back(contexts, d.leaves({padded, d.padded_keys}));
              }};
}

/// A step of a beam search: five hypotheses per sentence, no gradient.
Case beam(int64_t longest, int64_t width, bool additive) {
  const Decoder d(longest, width, additive);
  constexpr int64_t hypotheses = 5;
  std::vector<int64_t> owners;
  for (int64_t i = 0; i < sentences * hypotheses; ++i) owners.push_back(i / hypotheses);
  const auto packed = leaf({sentences * hypotheses, width}), padded = leaf({sentences, hypotheses, width});
  return {.name = d.name("a step of a beam"),
          .ours =
              [=] {
                const c10::NoGradGuard no_gradient;
                packed_context(packed, d.packed_keys, d.v, pairs_of_owners(owners, d.source, c10::kCPU));
              },
          .theirs =
              [=] {
                const c10::NoGradGuard no_gradient;
                padded_context(padded, d.padded_keys, d.v, d.hidden);
              }};
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const int64_t longest : {25, 50}) {
    for (const bool causal : {false, true}) {
      cases.push_back(multi_head(longest, 8, 32, causal));
      cases.push_back(multi_head(longest, 4, 64, causal));
    }
    cases.push_back(multi_head(longest, 8, 32, false, 0.1));
    for (const bool additive : {false, true}) {
      cases.push_back(all_steps(longest, 256, additive));
      cases.push_back(step_by_step(longest, 256, additive));
      cases.push_back(beam(longest, 256, additive));
    }
  }
  cases.push_back(all_steps(25, 512, false));
  cases.push_back(step_by_step(25, 512, false));
  return cases;
}

/// Measures the seconds of a call, from as many calls as take about `seconds`.
double time_of(const std::function<void()>& work, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  int64_t calls = 0;
  double taken = 0;
  do {
    work();
    ++calls;
    taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } while (taken < seconds);
  return taken / static_cast<double>(calls);
}

Json measured(const Case& one, double seconds) {
  constexpr int counts = 7;
  std::vector<double> ours, theirs;
  one.ours(), one.theirs();  // warms up
  for (int count = 0; count < counts; ++count) {
    ours.push_back(time_of(one.ours, seconds));
    theirs.push_back(time_of(one.theirs, seconds));
  }
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  return {{"case", one.name},
          {"ours_ms", ours[counts / 2] * 1e3},
          {"padded_ms", theirs[counts / 2] * 1e3},
          {"ratio", theirs[counts / 2] / ours[counts / 2]}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: attention_bench THREADS SECONDS [NAME ...]\n";
    return 2;
  }
  at::set_num_threads(std::stoi(arguments[1]));
  const std::vector<std::string> names(arguments + 3, arguments + count);
  Json all = Json::array();
  for (const auto& one : all_cases()) {
    const auto fits = [&](const std::string& name) { return one.name.find(name) != std::string::npos; };
    if (!names.empty() && std::none_of(names.begin(), names.end(), fits)) continue;
    all.push_back(measured(one, std::stod(arguments[2])));
    std::cerr << all.back().dump() << '\n';
  }
  std::cout << all.dump(1) << '\n';
  return 0;
}
