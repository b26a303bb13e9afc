#include "seq2seq/nn/recurrent/stack.h"

#include <torch/csrc/autograd/autograd.h>

#include "test/nn/recurrent/random_stack.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/operations.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Returns a randomly weighted sum of all parts of all states.
at::Tensor weighted_sum(const std::vector<State>& states) {
  auto sum = torch::zeros({}, torch::kDouble);
  double weight = 0.3;
  for (const auto& state : states) {
    for (const auto& part : state) sum = sum + (part * part * (weight += 0.2)).sum();
  }
  return sum;
}

TEST_CASE("residual stacks: layers from the given one on add what they read, before dropout",
          "[nn][recurrent][witness]") {
  const auto from = GENERATE(0, 1, 2, 3, 4);
  CAPTURE(from);
  torch::manual_seed(3);
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  const auto input = random_stack(kind, 1, 1, 2)->width();
  const auto plain = random_stack(kind, 5, 3, input);
  const auto residual = random_stack(kind, 5, 3, input, at::kDouble, {{"residual_from", std::to_string(from)}});
  const auto batch = random_packed(stack_lengths, input);
  const Draw draw{.seed = 4, .update = 2};
  const StackCall call{.dropout = 0.4, .draw = &draw};
  auto states = residual->zero_states(batch.sentences()), by_hand = states;
  const auto found = residual->run(batch, states, call);
  auto rows = batch;
  for (int64_t layer = 0; layer < 3; ++layer) {
    const auto read = layer == 0 ? rows : dropout(rows, 0.4, {call.part, static_cast<uint32_t>(layer)}, &draw);
    const auto given = plain->layer(layer).run(read, by_hand[static_cast<size_t>(layer)], {.draw = &draw});
    rows = from > 0 && layer + 1 >= from ? given.with(given.rows + rows.rows) : given;
  }
  CHECK(torch::allclose(found.rows, rows.rows, 0, 1e-12));
  for (size_t layer = 0; layer < states.size(); ++layer)
    for (size_t part = 0; part < states[layer].size(); ++part)
      CHECK(torch::allclose(states[layer][part], by_hand[layer][part], 0, 1e-12));
}

TEST_CASE("residual stacks: rows of another width cannot be added", "[nn][recurrent][error]") {
  const auto make = [](const std::string& from) {
    random_stack("lstm", 1, 2, 3, at::kDouble, {{"residual_from", from}});
  };
  CHECK_THROWS_WITH(make("1"), ContainsSubstring("residual_from: 1") && ContainsSubstring("width 3") &&
                                   ContainsSubstring("width 4") && ContainsSubstring("residual_from: 2"));
  CHECK_NOTHROW(make("2"));
}

TEST_CASE("stacks: a sentence has the same rows and last state alone and in a batch", "[nn][recurrent][batch]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const auto seed = GENERATE(range(1, 4));
  CAPTURE(kind, seed);
  torch::manual_seed(seed);
  const torch::NoGradGuard no_gradient;
  const auto stack = random_stack(kind, static_cast<uint64_t>(seed), 2, 3);
  const auto batch = random_packed(stack_lengths, 3);
  auto together = stack->zero_states(batch.sentences());
  const auto rows = stack->run(batch, together);

  for (int64_t sentence = 0; sentence < batch.sentences(); ++sentence) {
    const auto layout = data::make_layout({stack_lengths[static_cast<size_t>(sentence)]}, {sentence});
    auto alone = stack->zero_states(1);
    const auto single = stack->run({rows_of(batch, sentence), layout}, alone);
    REQUIRE(torch::allclose(rows_of(rows, sentence), single.rows, 0, 1e-12));
    for (size_t layer = 0; layer < alone.size(); ++layer) {
      for (size_t part = 0; part < alone[layer].size(); ++part) {
        REQUIRE(torch::allclose(together[layer][part][sentence], alone[layer][part][0], 0, 1e-12));
      }
    }
  }
}

TEST_CASE("stacks: chunk by chunk equals all at once, gradients too", "[nn][recurrent][property]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const auto size = GENERATE(1, 2, 5, 24);
  CAPTURE(kind, size);
  torch::manual_seed(7);
  const auto stack = random_stack(kind, 7, 2, 3);
  if (stack->needs_all_steps()) return;  // a chunk must hold all of them
  const auto batch = random_packed(stack_lengths, 3);
  const auto weight = torch::randn({batch.layout->rows(), stack->width()}, torch::kDouble);
  const auto gradients = [&](const torch::Tensor& loss) { return torch::autograd::grad({loss}, stack->parameters()); };

  auto states = stack->zero_states(batch.sentences());
  const auto whole = stack->run(batch, states);
  const auto expected = gradients((whole.rows * weight).sum() + weighted_sum(states));

  auto carried = stack->zero_states(batch.sentences());
  std::vector<torch::Tensor> pieces;
  for (int64_t first = 0; first < batch.layout->steps(); first += size) {
    const auto piece = data::chunk(batch, first, std::min<int64_t>(first + size, batch.layout->steps()));
    pieces.push_back(stack->run(piece, carried).rows);
  }
  const auto joined = torch::cat(pieces);
  CHECK(torch::allclose(joined, whole.rows, 0, 1e-12));
  const auto found = gradients((joined * weight).sum() + weighted_sum(carried));
  for (size_t i = 0; i < expected.size(); ++i) CHECK(torch::allclose(found[i], expected[i], 0, 1e-10));
}

TEST_CASE("stacks: prepared steps equal all at once, gradients too", "[nn][recurrent][property]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const auto type = GENERATE(at::kFloat, at::kDouble);
  const auto sizes = GENERATE(std::vector<int64_t>{3, 1, 7, 7, 25, 2, 1}, std::vector<int64_t>{9, 9, 9},
                              std::vector<int64_t>{9, 4, 1});
  const auto size = GENERATE(1, 3);
  CAPTURE(kind, type, sizes, size);
  torch::manual_seed(7);
  const auto stack = random_stack(kind, 7, 2, 3, type);
  if (stack->needs_all_steps()) return;  // a chunk must hold all of them
  auto batch = random_packed(sizes, 3, type);
  batch.rows.requires_grad_();
  const auto weight = torch::randn({batch.layout->rows(), stack->width()}, type);
  auto leaves = stack->parameters();
  leaves.push_back(batch.rows);

  auto states = stack->zero_states(batch.sentences());
  const auto whole = stack->run(batch, states);
  const auto expected = torch::autograd::grad({(whole.rows * weight).sum() + weighted_sum(states)}, leaves);

  const auto prepared = stack->prepare_steps();
  auto carried = stack->zero_states(batch.sentences());
  std::vector<torch::Tensor> pieces;
  for (int64_t first = 0; first < batch.layout->steps(); first += size) {
    const auto piece = data::chunk(batch, first, std::min<int64_t>(first + size, batch.layout->steps()));
    pieces.push_back(stack->run(piece, carried, {.prepared = &prepared}).rows);
  }
  const auto joined = torch::cat(pieces);
  // Only the order of sums differs.
  const double tolerance = type == at::kFloat ? 1e-4 : 1e-10;
  CHECK(torch::allclose(joined, whole.rows, 0, tolerance));
  const auto found = torch::autograd::grad({(joined * weight).sum() + weighted_sum(carried)}, leaves);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(torch::allclose(found[i], expected[i], tolerance, tolerance));
}

TEST_CASE("stacks: steps of all sentences in order gather no state", "[nn][recurrent][property]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  const auto stack = random_stack(kind, 7, 1, 3);
  if (stack->needs_all_steps()) return;
  const auto prepared = stack->prepare_steps();
  auto states = stack->zero_states(4);
  const auto in_steps = [&](const Packed& batch) {
    return calls_in({"aten::index_select", "aten::index_copy"}, [&] {
      for (int64_t step = 0; step < 3; ++step)
        stack->run(data::chunk(batch, step, step + 1), states, {.prepared = &prepared});
    });
  };
  CHECK(in_steps(random_packed({3, 3, 3, 3}, 3)) == 0);
  CHECK(in_steps(random_packed({3, 3, 4, 3}, 3)) > 0);
}

TEST_CASE("stacks: gradients agree with differences in double", "[nn][recurrent][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  torch::manual_seed(3);
  const auto stack = random_stack(kind, 3, 2, 2);
  auto batch = random_packed({4, 1, 2}, 2);
  batch.rows.requires_grad_();
  const auto weight = torch::randn({batch.layout->rows(), stack->width()}, torch::kDouble);
  const auto loss = [&] {
    auto states = stack->zero_states(3);
    for (auto& layer : states) {
      for (auto& part : layer) part = part + 0.3;
    }
    const auto out = stack->run(batch, states);
    return (out.rows * weight).sum() + weighted_sum(states);
  };
  loss().backward();
  auto tensors = stack->parameters();
  tensors.push_back(batch.rows);
  const torch::NoGradGuard no_gradient;
  for (auto& tensor : tensors) {
    const auto flat = tensor.view(-1);
    const auto gradient = tensor.grad().reshape(-1);
    for (int64_t i = 0; i < flat.size(0); ++i) {
      const double value = flat[i].item<double>();
      const double step = 1e-5;
      flat[i] = value + step;
      const double above = loss().item<double>();
      flat[i] = value - step;
      const double below = loss().item<double>();
      flat[i] = value;
      REQUIRE_THAT(gradient[i].item<double>(), WithinAbs((above - below) / (2 * step), 1e-8));
    }
  }
}

TEST_CASE("stacks: states have the shape that their layers say, and every parameter has a role", "[nn][recurrent]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  const auto stack = random_stack(kind, 1, 2, 3);
  auto states = stack->zero_states(3);
  const auto rows = stack->run(random_packed({2, 1, 2}, 3), states);
  CHECK(rows.rows.size(1) == stack->width());
  const auto shapes = stack->state_shapes();
  REQUIRE(states.size() == shapes.size());
  for (size_t layer = 0; layer < shapes.size(); ++layer) {
    REQUIRE(states[layer].size() == shapes[layer].size());
    for (size_t part = 0; part < shapes[layer].size(); ++part)
      CHECK(states[layer][part].sizes() == at::IntArrayRef({3, shapes[layer][part].width}));
  }
  CHECK(parameter_uses(*stack).size() == stack->parameters().size());
}

TEST_CASE("stacks: frozen parameters get no gradient, and the others the same as before", "[nn][recurrent][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const auto type = GENERATE(at::kFloat, at::kDouble);
  CAPTURE(kind);
  torch::manual_seed(4);
  const auto batch = random_packed(stack_lengths, 3, type);
  int64_t products = 0;  // of the last backward pass
  const auto gradients = [&](size_t frozen) {
    const auto stack = random_stack(kind, 5, 2, 3, type);
    auto parameters = stack->parameters();
    if (frozen < parameters.size()) parameters[frozen].set_requires_grad(false);
    auto states = stack->zero_states(batch.sentences());
    const auto sum = stack->run(batch, states).rows.sum();
    products = products_in([&] { sum.backward(); });
    std::vector<torch::Tensor> found;
    for (const auto& parameter : parameters) found.push_back(parameter.grad());
    return found;
  };
  const auto all = gradients(1000);
  const int64_t whole = products;
  for (size_t frozen = 0; frozen < all.size(); ++frozen) {
    CAPTURE(frozen);
    const auto found = gradients(frozen);
    if (all[frozen].dim() == 2) CHECK(products < whole);  // a weight: one product less
    for (size_t i = 0; i < all.size(); ++i) {
      if (i == frozen) CHECK_FALSE(found[i].defined());
      if (i != frozen) CHECK(found[i].equal(all[i]));
    }
  }
}

TEST_CASE("stacks: rows of another width are refused with both shapes", "[nn][recurrent][error]") {
  const auto stack = random_stack("lstm", 1, 1, 3);
  auto states = stack->zero_states(2);
  CHECK_THROWS_WITH(stack->run(random_packed({2, 2}, 5), states),
                    ContainsSubstring("[4, 5]") && ContainsSubstring("[4, 3]"));
}

}  // namespace
}  // namespace seq2seq::nn
