#include "seq2seq/nn/packed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {

void check_shape(const at::Tensor& tensor, at::IntArrayRef expected, std::string_view what) {
  bool fits = tensor.defined() && tensor.dim() == static_cast<int64_t>(expected.size());
  for (size_t i = 0; fits && i < expected.size(); ++i) {
    fits = expected[i] == -1 || tensor.size(static_cast<int64_t>(i)) == expected[i];
  }
  if (fits) return;
  const auto found = tensor.defined() ? fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")) : std::string("nothing");
  throw ShapeError(Place{.part = std::string(what)},
                   fmt::format("shape {}, but expected [{}] (-1: any)", found, fmt::join(expected, ", ")));
}

std::vector<int64_t> on_host(const Ids& ids) {
  const auto host = ids.to(at::kCPU, at::kLong).contiguous();
  const auto* first = host.const_data_ptr<int64_t>();
  return {first, first + host.numel()};
}

}  // namespace seq2seq::nn
