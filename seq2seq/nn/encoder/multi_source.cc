#include "seq2seq/nn/encoder/multi_source.h"

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/send.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {
namespace {

constexpr const char* cell = "c";

/// Gives every encoder its own masks.
Draw draw_of(const Draw& draw, size_t part) {
  return {.seed = draw.seed + part * 0x9E3779B97F4A7C15U, .update = draw.update};
}

/// Maps the rows of whole sources to the rows of their parts, which are packed separately, one part after another.
class JoinedRows {
 public:
  explicit JoinedRows(const Layout& whole) : order_(static_cast<size_t>(whole.rows())), inverse_(order_) {
    rows_ = on_host(SentenceOrder(whole).on_host());
  }
  void add(const Layout& part) {
    rows_of_parts_.push_back(on_host(SentenceOrder(part).on_host()));
    for (auto& row : rows_of_parts_.back()) row += first_;
    lengths_.push_back(part.lengths);
    first_ += part.rows();
  }
  /// Rows [N, M] of the parts, one part after another -> rows of the whole sources.
  at::Tensor joined(const at::Tensor& rows) {
    std::vector<size_t> next(lengths_.size(), 0);
    size_t row = 0;
    for (size_t sentence = 0; sentence < lengths_.front().size(); ++sentence) {
      for (size_t part = 0; part < lengths_.size(); ++part) {
        for (int64_t i = 0; i < lengths_[part][sentence]; ++i) {
          const int64_t to = rows_[row++], from = rows_of_parts_[part][next[part]++];
          order_[static_cast<size_t>(to)] = from;
          inverse_[static_cast<size_t>(from)] = to;
        }
      }
    }
    const auto there = [&](const std::vector<int64_t>& order) {
      return data::send(at::tensor(order, at::kLong), rows.device());
    };
    return permuted(rows, there(order_), there(inverse_));
  }

 private:
  std::vector<int64_t> order_, inverse_;  // [N]
  std::vector<int64_t> rows_;             // of the whole sources, sentence by sentence
  std::vector<std::vector<int64_t>> rows_of_parts_, lengths_;
  int64_t first_ = 0;
};

/// Returns the sentences of one part, for sources with parts of these lengths.
std::vector<std::vector<int64_t>> sentences_of(const std::vector<std::vector<int64_t>>& sources,
                                               const std::vector<std::vector<int64_t>>& lengths, size_t part) {
  std::vector<std::vector<int64_t>> sentences;
  for (size_t i = 0; i < sources.size(); ++i) {
    auto begin = sources[i].begin();
    for (size_t earlier = 0; earlier < part; ++earlier) begin += lengths[i][earlier];
    sentences.emplace_back(begin, begin + lengths[i][part]);
  }
  return sentences;
}

std::vector<at::Tensor> parts_of(const std::vector<State>& states, size_t part) {
  std::vector<at::Tensor> parts;
  parts.reserve(states.size());
  for (const auto& state : states) parts.push_back(state.at(part));
  return parts;
}

void check_child_sum(const StateShape& shape) {
  const bool fits = shape.size() == 2 && shape.back().name == cell && shape.front().width == shape.back().width;
  if (!fits)
    throw UsageError(
        "`combine: child_sum` needs layers with a state h and a cell c of the same width, such as LSTM layers",
        "Use `model.encoder.kind: lstm`, or `model.multi_source.combine: basic`");
}

}  // namespace

MultiSourceEncoder::MultiSourceEncoder(const SourceParts& parts, const EncoderContext& context,
                                       const std::function<std::shared_ptr<Encoder>()>& make)
    : parts_(parts) {
  for (int64_t source = 0; source < parts.count; ++source)
    encoders_.push_back(register_module(fmt::format("source_{}", source), make()));
  if (encoders_.front()->longest_sentence() != no_longest_sentence)
    throw UsageError("an encoder with learned positions does not read sources of several parts",
                     "Use another `model.encoder.positions`, or `data.source.parts: 1`");
  for (size_t layer = 0; layer < last_shapes().size(); ++layer) add_combination(layer, context);
}

void MultiSourceEncoder::add_combination(size_t layer, const EncoderContext& context) {
  const auto shape = last_shapes()[layer];
  const ParameterPlace place{.device = context.placement.of_layer("encoder", static_cast<int64_t>(layer)),
                             .type = context.type};
  const Role projection{.kind = Role::Kind::projection};
  auto& made = combinations_.emplace_back();
  if (parts_.options.combine == MultiSourceOptions::Combine::child_sum) {
    check_child_sum(shape);
    const int64_t cells = shape.front().width;
    const Role gates{.kind = Role::Kind::projection, .gates = 3};
    made.gates = add_parameter(fmt::format("gates_l{}", layer), {3 * cells, parts_.count * cells}, gates, place);
    for (int64_t part = 0; part < parts_.count; ++part)
      made.forget.push_back(
          add_parameter(fmt::format("forget_{}_l{}", part, layer), {cells, cells}, projection, place));
    return;
  }
  for (const auto& part : shape) {
    const std::vector<int64_t> size{part.width, parts_.count * part.width};
    made.weights.push_back(
        part.name == cell ? at::Tensor()
                          : add_parameter(fmt::format("weight_{}_l{}", part.name, layer), size, projection, place));
  }
}

State MultiSourceEncoder::combined(size_t layer, const std::vector<State>& states) const {
  const auto& made = combinations_[layer];
  State state;
  if (!made.gates.defined()) {
    for (size_t part = 0; part < made.weights.size(); ++part) {
      const auto of_parts = parts_of(states, part);
      if (made.weights[part].defined()) {
        state.push_back(at::tanh(at::matmul(at::cat(of_parts, 1), made.weights[part].t())));
        continue;
      }
      auto sum = of_parts.front();
      for (size_t other = 1; other < of_parts.size(); ++other) sum = sum + of_parts[other];
      state.push_back(sum);
    }
    return state;
  }
  const auto h = parts_of(states, 0), c = parts_of(states, 1);
  const auto gates = at::matmul(at::cat(h, 1), made.gates.t()).chunk(3, 1);
  auto sum = at::sigmoid(gates[0]) * at::tanh(gates[2]);
  for (size_t part = 0; part < h.size(); ++part)
    sum = sum + at::sigmoid(at::matmul(h[part], made.forget[part].t())) * c[part];
  return {at::sigmoid(gates[1]) * at::tanh(sum), sum};
}

Memory MultiSourceEncoder::encode(const Packed& ids, const Draw* draw) const {
  const auto sources = sentences_on_host(ids);
  std::vector<std::vector<int64_t>> lengths;
  for (const auto& source : sources) lengths.push_back(parts_.lengths(source));
  const auto keys = on_host(ids.layout->on_host().key);
  JoinedRows rows(*ids.layout);
  std::vector<at::Tensor> states;
  std::vector<std::vector<State>> last(combinations_.size());  // [L][K]
  for (size_t part = 0; part < encoders_.size(); ++part) {
    const auto read = data::to(data::pack(sentences_of(sources, lengths, part), keys), ids.rows.device());
    const auto draw_of_part = draw == nullptr ? Draw() : draw_of(*draw, part);
    const auto memory = encoders_[part]->encode(read, draw == nullptr ? nullptr : &draw_of_part);
    rows.add(*read.layout);
    states.push_back(memory.states.rows);
    for (size_t layer = 0; layer < last.size(); ++layer) last[layer].push_back(memory.last[layer]);
  }
  auto joined = rows.joined(at::cat(states));
  const auto layout = ids.layout->on(joined.device());
  Memory memory{.ids = ids, .states = {std::move(joined), layout}, .last = {}};
  for (size_t layer = 0; layer < last.size(); ++layer) memory.last.push_back(combined(layer, last[layer]));
  return memory;
}

}  // namespace seq2seq::nn
