#include "seq2seq/nn/recurrent/bidirectional.h"

#include <algorithm>

#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/utils/rnn.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/layer_pass.h"
#include "seq2seq/nn/recurrent/stack.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Makes a stack with random parameters; its first `bidirectional` layers run in both directions.
std::shared_ptr<Stack> stack_both_ways(const LayerRegistry& layers, const std::string& kind, int64_t bidirectional,
                                       at::ScalarType type = at::kDouble) {
  const auto stacks = stacks_of(std::make_shared<LayerRegistry>(layers));
  auto stack = stacks.make(small(stacks, kind, {{"layers", "2"}}), {.input = 5, .bidirectional = bidirectional});
  randomize(*stack, 3, type);
  return stack;
}

TEST_CASE("reversed_order: every sentence's rows from its last to its first", "[data][packed]") {
  const std::vector<std::vector<int64_t>> sentences{{1, 2, 3}, {}, {4}, {5, 6, 7, 8, 9}, {10, 11, 12}};
  const auto packed = data::pack(sentences, numbers(sentences.size()));
  auto reversed = sentences;
  for (auto& sentence : reversed) std::reverse(sentence.begin(), sentence.end());
  const auto order = data::reversed_order(*packed.layout);
  CHECK(data::unpack(packed.with(packed.rows.index_select(0, order))) == reversed);
  const auto chunk = data::chunk(packed, 1, 4);
  CHECK(data::unpack(chunk.with(chunk.rows.index_select(0, data::reversed_order(*chunk.layout)))) ==
        std::vector<std::vector<int64_t>>{{3, 2}, {}, {}, {8, 7, 6}, {12, 11}});
  const auto none = data::pack({{}, {}}, {0, 1});
  CHECK(data::reversed_order(*none.layout).numel() == 0);
}

TEST_CASE("bidirectional lstm: same rows, last states and gradients as torch.nn.LSTM with the same weights",
          "[nn][bidirectional][witness][gradient]") {
  torch::manual_seed(1);
  const auto ours = stack_both_ways(builtin_layers(), "lstm", 2, at::kFloat);
  torch::nn::LSTM theirs(torch::nn::LSTMOptions(5, 4).num_layers(2).bidirectional(true));
  std::vector<std::string> names, names_of_theirs;
  {
    const torch::NoGradGuard no_gradient;
    for (auto& item : ours->named_parameters()) names.push_back(item.key());
    for (auto& item : theirs->named_parameters()) {
      names_of_theirs.push_back(item.key());
      item.value().copy_(ours->named_parameters()[item.key()]);
    }
  }
  CHECK(names == names_of_theirs);
  auto packed = random_packed({9, 5, 5, 2, 1}, 5, at::kFloat);  // sorted: their order is ours
  auto x = packed.rows.clone().requires_grad_();
  packed.rows.requires_grad_();

  auto states = ours->zero_states(packed.sentences());
  const auto out = ours->run(packed, states);
  const auto batch_sizes = torch::tensor(packed.layout->running);
  const auto [witness, last] = theirs->forward_with_packed_input(torch::nn::utils::rnn::PackedSequence(x, batch_sizes));
  const auto& [hidden, cell] = last;  // [4, B, H]: layer 0 forward, layer 0 backward, layer 1 forward, ...

  CHECK(torch::allclose(out.rows, witness.data(), 1e-5, 1e-6));
  for (int64_t layer = 0; layer < 2; ++layer) {
    const auto both = [layer](const at::Tensor& part) { return at::cat({part[2 * layer], part[2 * layer + 1]}, 1); };
    CHECK(torch::allclose(states[static_cast<size_t>(layer)][0], both(hidden), 1e-5, 1e-6));
    CHECK(torch::allclose(states[static_cast<size_t>(layer)][1], both(cell), 1e-5, 1e-6));
  }
  const auto direction = torch::randn_like(out.rows);
  ((out.rows * direction).sum() + states[1][1].pow(2).sum() + states[0][0].pow(3).sum()).backward();
  ((witness.data() * direction).sum() + cell.narrow(0, 2, 2).pow(2).sum() + hidden.narrow(0, 0, 2).pow(3).sum())
      .backward();
  CHECK(torch::allclose(packed.rows.grad(), x.grad(), 1e-4, 1e-5));
  for (const auto& item : theirs->named_parameters()) {
    CAPTURE(item.key());
    CHECK(torch::allclose(ours->named_parameters()[item.key()].grad(), item.value().grad(), 1e-4, 1e-5));
  }
}

TEST_CASE("bidirectional: its own pass gives the rows, states and gradients of the autograd engine",
          "[nn][bidirectional][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const bool wanted = GENERATE(true, false);  // the derivative by the input
  CAPTURE(kind, wanted);
  torch::manual_seed(2);
  const auto stack = stack_both_ways(builtin_layers(), kind, 1);
  const auto& layer = stack->layer(0);
  const auto batch = random_packed({3, 1, 7, 7, 2}, 5);
  State first = layer.zero_state(5);
  for (auto& part : first) part = torch::randn_like(part);
  const auto rows_weight = torch::randn({batch.layout->rows(), layer.width()}, torch::kDouble);

  auto input = batch.rows.clone().requires_grad_();
  State start, state;
  for (const auto& part : first) start.push_back(part.clone().requires_grad_());
  state = start;
  const auto expected = layer.run(batch.with(input), state, {});
  auto loss = (expected.rows * rows_weight).sum();
  State reaching;
  for (const auto& part : state) {
    reaching.push_back(torch::randn_like(part));
    loss = loss + (part * reaching.back()).sum();
  }
  loss.backward();

  LayerRows rows{.input = batch.rows,
                 .output = at::empty_like(rows_weight),
                 .input_gradient = wanted ? at::empty_like(batch.rows) : at::Tensor()};
  const torch::NoGradGuard no_gradient;
  const auto prepared = layer.prepare();
  const auto pass = layer.pass(batch.layout, rows, first, {.draw = nullptr, .prepared = prepared.get()});
  const Piece all{.first_step = 0, .last_step = batch.layout->steps(), .first_row = 0, .last_row = rows_weight.size(0)};
  pass->forward(all);
  CHECK(torch::allclose(rows.output, expected.rows, 0, 1e-12));
  const auto last = pass->last();
  for (size_t part = 0; part < last.size(); ++part) CHECK(torch::allclose(last[part], state[part], 0, 1e-12));
  pass->begin_backward(rows_weight, reaching);
  pass->backward(all);
  if (wanted) CHECK(torch::allclose(rows.input_gradient, input.grad(), 0, 1e-12));
  const auto first_gradient = pass->first_gradient();
  for (size_t part = 0; part < start.size(); ++part)
    CHECK(torch::allclose(first_gradient[part], start[part].grad(), 0, 1e-12));
  const auto& parameters = stack->parameters_of(0);
  std::vector<at::Tensor> gradients(parameters.size());
  pass->add_weight_gradients(all, gradients);
  for (size_t i = 0; i < parameters.size(); ++i) {
    CAPTURE(i);
    CHECK(torch::allclose(gradients[i], parameters[i].grad(), 0, 1e-12));
  }
}

struct MaskingOptions {};
void declare(config::Keys&, MaskingOptions&) {}

/// Drops half of the units of its rows, exposes the masks, and has no state.
class Masking final : public Layer {
 public:
  using Options = MaskingOptions;
  Masking(const Options&, const LayerContext& context)
      : width_(context.input), scale_(context.parameters.add("scale", {width_}, {.kind = Role::Kind::scale})) {}
  Packed run(const Packed& chunk, State&, const LayerCall& call) const override {
    return dropout(chunk, 0.5, {Site::Part::encoder_layer, 9}, call.draw);
  }
  StateShape state_shape() const override { return {}; }
  int64_t width() const override { return width_; }
  ParameterPlace place() const override { return {scale_.device(), scale_.scalar_type()}; }

 private:
  int64_t width_;
  at::Tensor scale_;
};

TEST_CASE("bidirectional: the two directions drop different units", "[nn][bidirectional]") {
  LayerRegistry layers;
  layers.add<Masking>("masking", "shows its masks");
  const auto stack = stack_both_ways(layers, "masking", 1);
  const auto batch = random_packed({40, 30}, 5);
  const Draw draw{.seed = 5, .update = 2};
  State state;
  const auto both = stack->layer(0).run(batch.with(at::ones_like(batch.rows)), state, {.draw = &draw});
  const auto forward = both.rows.narrow(1, 0, 5) > 0;
  const auto backward = (both.rows.narrow(1, 5, 5) > 0).index_select(0, data::reversed_order(*batch.layout));
  const auto equal = (forward == backward).to(at::kDouble).mean().item<double>();
  CHECK_THAT(equal, WithinAbs(0.5, 0.1));  // of 350 pairs, standard deviation 0.027
}

}  // namespace
}  // namespace seq2seq::nn
