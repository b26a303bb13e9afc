#include "seq2seq/nn/dropout.h"

#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/core/random.h"
#include "seq2seq/data/send.h"
#include "seq2seq/nn/kernels/dropout/mask.h"

namespace seq2seq::nn {

Site Site::of_module(std::string_view name) { return {Part::named, hash_of_name(name)}; }

uint32_t Site::number() const {
  // The highest bit separates hashed numbers from the others.
  return part == Part::named ? 0x80000000U | layer : static_cast<uint32_t>(part) << 10 | layer;
}

namespace {

/// Index of the rows of a mask, on the CPU.
struct MaskRows {
  at::Tensor owner, position, key;  // [n], [n], [B]
  bool to_send = false;             // true if the mask goes to another device
};

at::Tensor mask_of(const MaskRows& by, int64_t width, double share, Site site, const Draw& draw) {
  const auto owner = by.owner.contiguous();
  const auto position = by.position.contiguous();
  const auto key = by.key.contiguous();
  auto mask = at::empty({owner.size(0), width}, at::TensorOptions(at::kFloat).pinned_memory(by.to_send));
  const kernels::DropoutMask rows{.mask = mask.data_ptr<float>(),
                                  .owner = owner.const_data_ptr<int64_t>(),
                                  .position = position.const_data_ptr<int64_t>(),
                                  .key = key.const_data_ptr<int64_t>(),
                                  .width = width,
                                  .seed = draw.seed,
                                  .site = site.number(),
                                  .update = static_cast<uint32_t>(draw.update),
                                  .threshold = static_cast<uint32_t>(std::lround(share * 65536)),
                                  .scale = static_cast<float>(1 / (1 - share))};
  const int64_t rows_a_task = std::max<int64_t>(1, 16384 / width);
  at::parallel_for(0, owner.size(0), rows_a_task,
                   [&](int64_t first, int64_t last) { kernels::dropout_mask(rows, first, last); });
  return mask;
}

}  // namespace

at::Tensor dropout_mask(const Layout& layout, int64_t width, double share, Site site, const Draw& draw) {
  const auto host = layout.on_host();
  const auto position = site.by_sentence ? at::zeros_like(host.position) : host.position;
  return mask_of({host.owner, position, host.key, !layout.owner.is_cpu()}, width, share, site, draw);
}

at::Tensor sentence_mask(const Layout& layout, int64_t width, double share, Site site, const Draw& draw) {
  const auto host = layout.on_host();
  const auto owner = host.owner.narrow(0, 0, layout.running.empty() ? 0 : layout.running.front());
  return mask_of({owner, at::zeros_like(owner), host.key, !layout.owner.is_cpu()}, width, share, site, draw);
}

at::Tensor sent(const at::Tensor& mask, const at::TensorOptions& options) {
  return data::send(mask, options.device()).to(options.dtype());
}

at::Tensor weight_mask(int64_t rows, int64_t columns, double share, Site site, const Draw& draw) {
  const auto row = at::arange(rows, at::kLong);
  return mask_of({at::zeros_like(row), row, at::zeros({1}, at::kLong)}, columns, share, site, draw);
}

bool drops_layer(double share, Site site, const Draw* draw) {
  return share > 0 && draw != nullptr && weight_mask(1, 1, share, site, *draw).item<float>() == 0;
}

Packed dropout(const Packed& input, double share, Site site, const Draw* draw) {
  if (share == 0 || draw == nullptr || input.rows.size(0) == 0) return input;
  const auto mask = dropout_mask(*input.layout, input.rows.size(1), share, site, *draw);
  return input.with(input.rows * sent(mask, input.rows.options()));
}

}  // namespace seq2seq::nn
