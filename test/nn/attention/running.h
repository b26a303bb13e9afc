#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/attention/pairs.h"
#include "test/support/catch.h"

namespace seq2seq::test {

/// Sets the instruction set of kernels and the number of threads during its lifetime.
class AttentionMachine {
 public:
  AttentionMachine(Isa isa, int threads) : threads_before_(at::get_num_threads()) {
    if (const char* before = std::getenv("SEQ2SEQ_ISA")) isa_before_ = before;
    ::setenv("SEQ2SEQ_ISA", name(isa).c_str(), 1);
    at::set_num_threads(threads);
  }
  ~AttentionMachine() {
    isa_before_.empty() ? ::unsetenv("SEQ2SEQ_ISA") : ::setenv("SEQ2SEQ_ISA", isa_before_.c_str(), 1);
    at::set_num_threads(threads_before_);
  }
  AttentionMachine(const AttentionMachine&) = delete;
  AttentionMachine& operator=(const AttentionMachine&) = delete;

 private:
  int threads_before_;
  std::string isa_before_;
};

/// Results of an operation, and derivatives by its operands.
struct Ran {
  std::vector<at::Tensor> results, gradients;
};

/// Returns results, and the derivatives of a randomly weighted sum of them by each operand.
template <class Run>
Ran run(const Run& operation, const std::vector<at::Tensor>& operands, const nn::AttentionPairs& pairs,
        at::ScalarType type) {
  std::vector<at::Tensor> leaves;
  for (const auto& operand : operands) leaves.push_back(operand.to(type).clone().requires_grad_());
  Ran ran{operation(leaves, pairs), {}};
  torch::manual_seed(99);
  auto sum = torch::zeros({}, type);
  for (const auto& result : ran.results)
    sum = sum + (result * torch::rand(result.sizes(), torch::kDouble).to(type)).sum();
  if (sum.requires_grad()) sum.backward();
  for (const auto& leaf : leaves)
    ran.gradients.push_back(leaf.grad().defined() ? leaf.grad() : torch::zeros_like(leaf));
  return ran;
}

/// Returns the difference relative to the largest number of each tensor, or to 1.
inline double largest_error(const std::vector<at::Tensor>& ours, const std::vector<at::Tensor>& exact) {
  double largest = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    REQUIRE(ours[i].sizes() == exact[i].sizes());
    if (ours[i].numel() == 0) continue;
    const double error = (ours[i].to(torch::kDouble) - exact[i]).abs().max().item<double>() /
                         std::max(1.0, exact[i].abs().max().item<double>());
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

}  // namespace seq2seq::test
