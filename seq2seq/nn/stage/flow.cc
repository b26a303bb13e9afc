#include "seq2seq/nn/stage/flow.h"

#include <utility>

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace seq2seq::nn {

namespace {

/// Keeps memory of another stream from being reused before this stream has read it.
void read_here(const at::Tensor& tensor) {
  if (tensor.is_cpu()) return;
  const c10::impl::VirtualGuardImpl guard(tensor.device().type());
  guard.recordDataPtrOnStream(tensor.storage().data_ptr(), guard.getStream(tensor.device()));
}

}  // namespace

void hand_over(const at::Tensor& from, at::Tensor to) { to.copy_(from, /*non_blocking=*/!to.is_cpu()); }

const at::Tensor& RowFlow::rows() {
  if (!rows_.defined()) rows_ = at::empty(size_, options());
  return rows_;
}

bool RowFlow::read_in_place() const {
  return readers_.size() == 1 && readers_.front().defined() && readers_.front().device() == place_.device;
}

at::Tensor RowFlow::add_reader(c10::Device device) {
  read_in_pieces_ = true;
  if (!wanted_) return {};
  readers_.push_back(at::empty(size_, options().device(device)));
  return readers_.back();
}

size_t RowFlow::add_whole_reader() {
  readers_.emplace_back();
  return readers_.size() - 1;
}

void RowFlow::answer(size_t reader, at::Tensor gradient) {
  auto& sum = readers_.at(reader);
  if (!gradient.defined() || !wanted_) return;
  if (!sum.defined()) {
    sum = std::move(gradient);
    return;
  }
  read_here(gradient);
  sum.add_(gradient);
}

const at::Tensor& RowFlow::gradient() {
  if (!gradient_.defined() && !readers_.empty())
    gradient_ = read_in_place() ? readers_.front() : at::empty(size_, options());
  return gradient_;
}

void RowFlow::collect(const Piece& piece) {
  if (readers_.empty() || read_in_place()) return;
  auto sum = piece.of(gradient());
  bool begun = false;
  for (const auto& reader : readers_) {
    if (!reader.defined()) continue;
    if (begun) {
      sum.add_(piece.of(reader).to(place_.device));
    } else {
      hand_over(piece.of(reader), sum);
    }
    begun = true;
  }
  if (!begun) sum.zero_();
}

at::Tensor RowFlow::take_gradient() {
  at::Tensor sum;
  for (auto& reader : readers_) {
    if (!reader.defined()) continue;
    read_here(reader);
    const auto here = reader.to(place_.device);
    sum = sum.defined() ? sum + here : here;
    reader.reset();
  }
  if (!read_in_pieces_) rows_.reset();
  return sum;
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
