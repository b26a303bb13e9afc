// Compares recurrent layers with PyTorch's modules, and with the equations of a paper.

#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/utils/rnn.h>

#include "seq2seq/nn/recurrent/lstm.h"
#include "test/nn/recurrent/random_stack.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/operations.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using torch::nn::utils::rnn::PackedSequence;

/// Results of PyTorch's module for packed rows: rows, and each part of the last states of all layers, [L, B, width].
struct Witness {
  torch::Tensor rows;
  std::vector<torch::Tensor> last;
};

Witness of_torch(torch::nn::LSTM& lstm, const PackedSequence& x) {
  const auto [rows, last] = lstm->forward_with_packed_input(x);
  return {rows.data(), {std::get<0>(last), std::get<1>(last)}};
}

Witness of_torch(torch::nn::GRU& gru, const PackedSequence& x) {
  const auto [rows, last] = gru->forward_with_packed_input(x);
  return {rows.data(), {last}};
}

/// Both get our weights, and must return the same rows, last states and gradients, in double.
template <class Theirs>
void compare(const Stack& ours, Theirs theirs) {
  theirs->to(torch::kDouble);
  {
    const torch::NoGradGuard no_gradient;
    const auto weights = ours.named_parameters();
    REQUIRE(weights.size() == theirs->named_parameters().size());
    for (auto& item : theirs->named_parameters()) item.value().copy_(weights[item.key()]);
  }
  auto packed = random_packed({9, 5, 5, 2, 1}, 5);  // sorted: their order is ours
  auto x = packed.rows.clone().requires_grad_();
  packed.rows.requires_grad_();

  auto states = ours.zero_states(packed.sentences());
  const auto out = ours.run(packed, states);
  const auto witness = of_torch(theirs, PackedSequence(x, torch::tensor(packed.layout->running)));

  const auto close = [](const torch::Tensor& a, const torch::Tensor& b) { return torch::allclose(a, b, 0, 1e-12); };
  CHECK(close(out.rows, witness.rows));
  const auto direction = torch::randn_like(out.rows);
  auto sum = (out.rows * direction).sum(), witness_sum = (witness.rows * direction).sum();
  for (size_t layer = 0; layer < states.size(); ++layer) {
    REQUIRE(states[layer].size() == witness.last.size());
    for (size_t part = 0; part < states[layer].size(); ++part) {
      const auto expected = witness.last[part][static_cast<int64_t>(layer)];
      CHECK(close(states[layer][part], expected));
      sum = sum + states[layer][part].pow(2).sum();
      witness_sum = witness_sum + expected.pow(2).sum();
    }
  }
  sum.backward();
  witness_sum.backward();
  CHECK(close(packed.rows.grad(), x.grad()));
  const auto weights = ours.named_parameters();
  for (const auto& item : theirs->named_parameters()) {
    CAPTURE(item.key());
    CHECK(close(weights[item.key()].grad(), item.value().grad()));
  }
}

TEST_CASE("lstm, projected_lstm, gru: same rows, last states and gradients as torch.nn with the same weights",
          "[nn][lstm][gru][witness][gradient]") {
  const auto seed = GENERATE(range(1, 4));
  const auto layers = GENERATE(1, 3);
  CAPTURE(seed, layers);
  torch::manual_seed(seed);
  const auto ours = [&](const std::string& kind) {
    return random_stack(kind, static_cast<uint64_t>(seed), layers, 5);  // 4 cells, projected to 3
  };
  const auto lstm = torch::nn::LSTMOptions(5, 4).num_layers(layers);
  compare(*ours("lstm"), torch::nn::LSTM(lstm));
  compare(*ours("projected_lstm"), torch::nn::LSTM(torch::nn::LSTMOptions(lstm).proj_size(3)));
  compare(*ours("gru"), torch::nn::GRU(torch::nn::GRUOptions(5, 4).num_layers(layers)));
}

TEST_CASE("lstm: float32 kernels give the rows and gradients of torch.nn.LSTM", "[nn][lstm][witness][gradient]") {
  torch::manual_seed(1);
  const auto ours = random_stack("lstm", 1, 3, 5, at::kFloat);
  torch::nn::LSTM theirs(torch::nn::LSTMOptions(5, 4).num_layers(3));
  const auto weights = ours->named_parameters();
  {
    const torch::NoGradGuard no_gradient;
    for (auto& item : theirs->named_parameters()) item.value().copy_(weights[item.key()]);
  }
  const auto packed = random_packed({9, 5, 5, 2, 1}, 5, at::kFloat);
  auto states = ours->zero_states(packed.sentences());
  const auto rows = ours->run(packed, states).rows;
  const auto witness = of_torch(theirs, PackedSequence(packed.rows, torch::tensor(packed.layout->running))).rows;
  CHECK(torch::allclose(rows, witness, 1e-5, 1e-6));
  rows.pow(2).sum().backward();
  witness.pow(2).sum().backward();
  for (const auto& item : theirs->named_parameters()) {
    CAPTURE(item.key());
    CHECK(torch::allclose(weights[item.key()].grad(), item.value().grad(), 1e-4, 1e-5));
  }
}

/// Computes equations 20 to 22 of arXiv 1607.06450 for one sentence, step by step, by plain autograd.
torch::Tensor layer_norm_lstm_of_paper(const torch::OrderedDict<std::string, torch::Tensor>& weights,
                                       const torch::Tensor& x, torch::Tensor h, torch::Tensor c) {
  const auto norm = [&](const torch::Tensor& a, const std::string& name) {
    const auto centred = a - a.mean(1, /*keepdim=*/true);
    const auto deviation = (centred.pow(2).mean(1, /*keepdim=*/true) + 1e-5).sqrt();
    return centred / deviation * weights["gain_" + name + "_l0"] + weights["bias_" + name + "_l0"];
  };
  std::vector<torch::Tensor> rows;
  for (int64_t step = 0; step < x.size(0); ++step) {
    const auto sums = norm(torch::mm(x[step].unsqueeze(0), weights["weight_ih_l0"].t()), "ih") +
                      norm(torch::mm(h, weights["weight_hh_l0"].t()), "hh");
    const auto gate = sums.chunk(4, 1);
    c = gate[1].sigmoid() * c + gate[0].sigmoid() * gate[2].tanh();
    h = gate[3].sigmoid() * norm(c, "c").tanh();
    rows.push_back(h);
  }
  rows.push_back(c);
  return torch::cat(rows);
}

TEST_CASE("layer_norm_lstm: the rows, last c and gradients of the paper's equations",
          "[nn][recurrent][witness][gradient]") {
  const auto seed = GENERATE(range(1, 4));
  CAPTURE(seed);
  torch::manual_seed(seed);
  const auto stack = random_stack("layer_norm_lstm", static_cast<uint64_t>(seed), 1, 3);
  const auto weights = stack->named_parameters();
  const auto batch = random_packed(stack_lengths, 3);
  const State first{torch::randn({batch.sentences(), 4}, torch::kDouble),
                    torch::randn({batch.sentences(), 4}, torch::kDouble)};
  std::vector<State> states{first};
  const auto rows = stack->run(batch, states);
  torch::Tensor sum = torch::zeros({}, torch::kDouble), expected_sum = sum;
  for (int64_t sentence = 0; sentence < batch.sentences(); ++sentence) {
    const auto found = torch::cat({rows_of(rows, sentence), states[0][1][sentence].unsqueeze(0)});
    const auto expected = layer_norm_lstm_of_paper(weights, rows_of(batch, sentence), first[0][sentence].unsqueeze(0),
                                                   first[1][sentence].unsqueeze(0));
    CHECK(torch::allclose(found, expected, 0, 1e-12));
    const auto direction = torch::randn_like(expected);
    sum = sum + (found * direction).sum();
    expected_sum = expected_sum + (expected * direction).sum();
  }
  const auto gradients = torch::autograd::grad({sum}, weights.values());
  const auto expected = torch::autograd::grad({expected_sum}, weights.values());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(weights.keys()[i]);
    CHECK(torch::allclose(gradients[i], expected[i], 0, 1e-11));
  }
}

}  // namespace
}  // namespace seq2seq::nn
