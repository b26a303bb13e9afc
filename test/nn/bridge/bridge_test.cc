#include "seq2seq/nn/bridge/bridge.h"

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/randn.h>

#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

StateShape lstm_state(int64_t cells, int64_t directions = 1) {
  return {{"h", cells * directions, directions}, {"c", cells * directions, directions}};
}
StateShape gru_state(int64_t cells, int64_t directions = 1) { return {{"h", cells * directions, directions}}; }

BridgeContext between(const std::vector<StateShape>& encoder, const std::vector<StateShape>& decoder) {
  return {.encoder = encoder,
          .decoder = decoder,
          .memory = 3,
          .place = {.device = c10::kCPU, .type = at::kDouble},
          .devices = std::vector<c10::Device>(decoder.size(), c10::kCPU)};
}

std::shared_ptr<Bridge> bridge_of(const std::string& kind, const BridgeContext& context, const Values& values = {}) {
  const auto bridges = builtin_bridges();
  auto bridge = bridges.make(small(bridges, kind, values), context);
  if (!bridge->parameters().empty()) randomize(*bridge, 5, at::kDouble);
  return bridge;
}

/// Makes random last states of these shapes and rows of width 3 for three sentences, one of them without a row.
Memory random_memory(const std::vector<StateShape>& encoder) {
  Memory memory;
  memory.states = random_packed({2, 0, 4}, 3);
  memory.ids = memory.states;
  for (const auto& shape : encoder) {
    auto& state = memory.last.emplace_back();
    for (const auto& part : shape) state.push_back(at::randn({3, part.width}, at::kDouble));
  }
  return memory;
}

double number(const at::Tensor& tensor, int64_t row, int64_t column) {
  return tensor.accessor<double, 2>()[row][column];
}

/// Computes W x + b of one sentence in plain loops; b only if the bridge has one.
std::vector<double> projected(const Bridge& bridge, const std::string& part, const std::vector<double>& x) {
  const auto parameters = bridge.named_parameters();
  const auto weight = parameters["weight_" + part];
  REQUIRE(weight.size(1) == std::ssize(x));
  std::vector<double> sums;
  for (int64_t unit = 0; unit < weight.size(0); ++unit) {
    const auto* bias = parameters.find("bias_" + part);
    double sum = bias == nullptr ? 0 : bias->accessor<double, 1>()[unit];
    for (size_t i = 0; i < x.size(); ++i) sum += number(weight, unit, static_cast<int64_t>(i)) * x[i];
    sums.push_back(sum);
  }
  return sums;
}

/// Returns columns [first, last) of the row of a sentence.
std::vector<double> columns(const at::Tensor& rows, int64_t sentence, int64_t first, int64_t last) {
  std::vector<double> values;
  for (int64_t column = first; column < last; ++column) values.push_back(number(rows, sentence, column));
  return values;
}

void check_row(const at::Tensor& rows, int64_t sentence, const std::vector<double>& expected, bool with_tanh) {
  REQUIRE(rows.size(1) == std::ssize(expected));
  for (size_t unit = 0; unit < expected.size(); ++unit)
    CHECK_THAT(number(rows, sentence, static_cast<int64_t>(unit)),
               WithinAbs(with_tanh ? std::tanh(expected[unit]) : expected[unit], 1e-12));
}

TEST_CASE("bridge linear: each part projects its counterpart, or the top layer's where depths differ",
          "[nn][bridge][witness]") {
  const auto [encoder_layers, top] = GENERATE(std::pair{2, "all"}, std::pair{2, "top"}, std::pair{3, "all"});
  const bool with_tanh = GENERATE(false, true), bias = GENERATE(false, true);
  CAPTURE(encoder_layers, top, with_tanh, bias);
  const std::vector<StateShape> encoder(static_cast<size_t>(encoder_layers), lstm_state(2, 2));
  const auto bridge =
      bridge_of("linear", between(encoder, {lstm_state(5), lstm_state(3)}),
                {{"layers", top}, {"activation", with_tanh ? "tanh" : "none"}, {"bias", bias ? "true" : "false"}});
  CHECK(bridge->parameters().size() == (bias ? 8 : 4));
  const auto memory = random_memory(encoder);
  const auto first = bridge->first(memory);
  REQUIRE(first.size() == 2);
  for (size_t layer = 0; layer < 2; ++layer) {
    const size_t from = encoder_layers == 2 && std::string(top) == "all" ? layer : memory.last.size() - 1;
    for (const size_t part : {size_t{0}, size_t{1}}) {
      const auto name = (part == 0 ? "h_l" : "c_l") + std::to_string(layer);
      for (int64_t sentence = 0; sentence < 3; ++sentence)
        check_row(first[layer][part], sentence,
                  projected(*bridge, name, columns(memory.last[from][part], sentence, 0, 4)), with_tanh);
    }
  }
}

TEST_CASE("bridge linear: a part that the encoder lacks projects h", "[nn][bridge][witness]") {
  const auto bridge = bridge_of("linear", between({gru_state(4)}, {lstm_state(3)}));
  const auto memory = random_memory({gru_state(4)});
  const auto first = bridge->first(memory);
  check_row(first[0][1], 2, projected(*bridge, "c_l0", columns(memory.last[0][0], 2, 0, 4)), false);
}

TEST_CASE("bridge backward: tanh of a projection of the backward half of the top bidirectional layer",
          "[nn][bridge][witness]") {
  // Of three layers, the second is the top bidirectional one.
  const std::vector<StateShape> encoder{lstm_state(2, 2), lstm_state(2, 2), lstm_state(4)};
  const auto bridge = bridge_of("backward", between(encoder, {lstm_state(5), gru_state(3)}));
  CHECK(bridge->parameters().size() == 3);
  const auto memory = random_memory(encoder);
  const auto first = bridge->first(memory);
  for (int64_t sentence = 0; sentence < 3; ++sentence) {
    check_row(first[0][0], sentence, projected(*bridge, "h_l0", columns(memory.last[1][0], sentence, 2, 4)), true);
    check_row(first[0][1], sentence, projected(*bridge, "c_l0", columns(memory.last[1][1], sentence, 2, 4)), true);
    check_row(first[1][0], sentence, projected(*bridge, "h_l1", columns(memory.last[1][0], sentence, 2, 4)), true);
  }
}

TEST_CASE("bridge mean: tanh of a projection of the mean of each source's states", "[nn][bridge][witness]") {
  const auto bridge = bridge_of("mean", between({}, {lstm_state(5)}), {{"bias", "true"}});
  const auto memory = random_memory({});
  const auto first = bridge->first(memory);
  for (const int64_t sentence : {0, 1, 2}) {
    CAPTURE(sentence);
    const auto rows = rows_of(memory.states, sentence);
    std::vector<double> mean(3, 0);  // of a source without rows: 0
    for (int64_t row = 0; row < rows.size(0); ++row)
      for (int64_t column = 0; column < 3; ++column)
        mean[static_cast<size_t>(column)] += number(rows, row, column) / static_cast<double>(rows.size(0));
    check_row(first[0][0], sentence, projected(*bridge, "h_l0", mean), true);
    check_row(first[0][1], sentence, projected(*bridge, "c_l0", mean), true);
  }
}

TEST_CASE("bridge attentive: tanh of a projection of the states' sum by softmax(q tanh(W h))",
          "[nn][bridge][witness]") {
  const auto bridge = bridge_of("attentive", between({}, {lstm_state(5)}), {{"units", "4"}, {"bias", "true"}});
  const auto memory = random_memory({});
  const auto first = bridge->first(memory);
  const auto weight = bridge->named_parameters()["memory_weight"], query = bridge->named_parameters()["query"];
  for (const int64_t sentence : {0, 1, 2}) {
    CAPTURE(sentence);
    const auto rows = rows_of(memory.states, sentence);
    std::vector<double> sum(3, 0);  // of a source without rows: 0
    double total = 0;
    for (int64_t row = 0; row < rows.size(0); ++row) {
      double score = 0;
      for (int64_t unit = 0; unit < 4; ++unit) {
        double inside = 0;
        for (int64_t column = 0; column < 3; ++column)
          inside += number(weight, unit, column) * number(rows, row, column);
        score += query.accessor<double, 1>()[unit] * std::tanh(inside);
      }
      total += std::exp(score);
      for (int64_t column = 0; column < 3; ++column)
        sum[static_cast<size_t>(column)] += std::exp(score) * number(rows, row, column);
    }
    for (auto& value : sum) value /= total > 0 ? total : 1;
    check_row(first[0][0], sentence, projected(*bridge, "h_l0", sum), true);
    check_row(first[0][1], sentence, projected(*bridge, "c_l0", sum), true);
  }
}

TEST_CASE("bridge copy: takes both directions side by side where the decoder is as wide, else names both widths",
          "[nn][bridge][error]") {
  const auto memory = random_memory({lstm_state(2, 2)});
  const auto first = bridge_of("copy", between({lstm_state(2, 2)}, {lstm_state(4)}))->first(memory);
  CHECK(first[0][0].equal(memory.last[0][0]));
  CHECK(first[0][1].equal(memory.last[0][1]));
  CHECK_THROWS_WITH(bridge_of("copy", between({lstm_state(2, 2)}, {lstm_state(2)})),
                    ContainsSubstring("h of 2 cells and c of 2 cells") &&
                        ContainsSubstring("h of 2 x 2 cells and c of 2 x 2 cells") &&
                        ContainsSubstring("model.bridge.kind: linear"));
}

TEST_CASE("bridges: an encoder that lacks what they read is refused with what to do", "[nn][bridge][error]") {
  CHECK_THROWS_WITH(bridge_of("backward", between({lstm_state(2), lstm_state(2)}, {lstm_state(2)})),
                    ContainsSubstring("one direction") && ContainsSubstring("model.encoder.bidirectional: all"));
  CHECK_THROWS_WITH(bridge_of("linear", between({}, {lstm_state(2)})),
                    ContainsSubstring("no last state") && ContainsSubstring("model.bridge.kind: mean"));
}

}  // namespace
}  // namespace seq2seq::nn
