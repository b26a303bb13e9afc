#include "seq2seq/nn/source_parts.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, MultiSourceOptions& options) {
  using Combine = MultiSourceOptions::Combine;
  keys.add(
      "combine", options.combine, {{"basic", Combine::basic}, {"child_sum", Combine::child_sum}},
      "combination of the last states of the encoders (Zoph and Knight 2016). basic: h = tanh(W [h1; h2]), c = c1 + "
      "c2; child_sum: an LSTM step with a forget gate for each encoder");
}

std::vector<int64_t> SourceParts::lengths(const std::vector<int64_t>& source) const {
  std::vector<int64_t> lengths(static_cast<size_t>(count), 0);
  size_t part = 0;
  for (const int64_t id : source) {
    ++lengths[part];
    if (id == separator && part + 1 < lengths.size()) ++part;
  }
  return lengths;
}

std::vector<std::vector<int64_t>> SourceParts::lengths(const Packed& ids) const {
  std::vector<std::vector<int64_t>> all;
  if (!several()) return all;
  for (const auto& source : sentences_on_host(ids)) all.push_back(lengths(source));
  return all;
}

std::vector<std::vector<int64_t>> sentences_on_host(const Packed& ids) {
  return data::unpack(ids.ids_on_host.defined() ? ids.with(ids.ids_on_host) : ids);
}

}  // namespace seq2seq::nn
