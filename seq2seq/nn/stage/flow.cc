#include "seq2seq/nn/stage/flow.h"

#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace seq2seq::nn {

RowFlow::RowFlow(int64_t rows, int64_t width, const ParameterPlace& place, bool wanted)
    : rows_(at::empty({rows, width}, at::TensorOptions(place.type).device(place.device))),
      place_(place),
      wanted_(wanted) {}

void hand_over(const at::Tensor& from, at::Tensor to) { to.copy_(from, /*non_blocking=*/!to.is_cpu()); }

at::Tensor RowFlow::add_reader(c10::Device device) {
  if (!wanted_) return {};
  readers_.push_back(at::empty(rows_.sizes(), rows_.options().device(device)));
  return readers_.back();
}

const at::Tensor& RowFlow::gradient() {
  if (!gradient_.defined() && !readers_.empty()) gradient_ = read_in_place() ? readers_.front() : at::empty_like(rows_);
  return gradient_;
}

void RowFlow::collect(const Piece& piece) {
  if (readers_.empty() || read_in_place()) return;
  auto sum = piece.of(gradient());
  hand_over(piece.of(readers_.front()), sum);
  for (size_t reader = 1; reader < readers_.size(); ++reader) sum.add_(piece.of(readers_[reader]).to(place_.device));
}

State StateFlow::on(c10::Device device) const {
  State moved;
  for (const auto& part : state_) moved.push_back(part.to(device));
  return moved;
}

size_t StateFlow::add_reader() {
  answers_.emplace_back();
  return answers_.size() - 1;
}

State StateFlow::gradient(c10::Device device) const {
  State sum;
  for (const auto& answer : answers_) {
    if (sum.size() < answer.size()) sum.resize(answer.size());
    for (size_t part = 0; part < answer.size(); ++part) {
      if (!answer[part].defined()) continue;
      const auto here = answer[part].to(device);
      sum[part] = sum[part].defined() ? sum[part] + here : here;
    }
  }
  return sum;
}

}  // namespace seq2seq::nn
