#include "seq2seq/train/free_running.h"

#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::train {
namespace {

/// [N] bool: which rows read their target.
at::Tensor forced_rows(const data::Layout& layout, double share, const nn::Draw& draw, SampleBy by) {
  const RandomStream stream(draw.seed, Purpose::forcing);
  const auto host = layout.on_host();
  const auto keys = nn::on_host(host.key), owners = nn::on_host(host.owner), steps = nn::on_host(host.position);
  auto forced = at::empty({layout.rows()}, at::kBool);
  auto* out = forced.mutable_data_ptr<bool>();
  for (size_t row = 0; row < owners.size(); ++row) {
    auto number = static_cast<uint64_t>(keys[static_cast<size_t>(owners[row])]);
    // In bits above the numbers of pairs; draws for a whole pair have zeros there.
    if (by == SampleBy::word) number |= static_cast<uint64_t>(steps[row] + 1) << 40U;
    out[row] = stream.uniform(number, static_cast<uint32_t>(draw.update)) < share;
  }
  return forced.to(layout.owner.device());
}

}  // namespace

data::Packed decoder_inputs(const nn::Model& model, const nn::Memory& memory, const data::Batch& batch,
                            double teacher_forcing, const nn::Draw& draw, SampleBy by) {
  const at::NoGradGuard no_gradient;
  const auto& layout = *batch.inputs.layout;
  const data::Packed forced = batch.inputs.with(forced_rows(layout, teacher_forcing, draw, by));
  if (forced.rows.all().item<bool>()) return batch.inputs;
  const auto sentences = at::arange(batch.sentences(), batch.source.rows.options().dtype(at::kLong));  // [B]
  const auto state = model.start(memory, sentences);
  const nn::Bans bans{.words = at::tensor({text::start_id}, at::kLong), .rows = {}, .row_words = {}};
  std::vector<at::Tensor> read{chunk(batch.inputs, 0, 1).rows};  // step by step, for the sentences still running
  for (int64_t step = 1; step < layout.steps(); ++step) {
    const auto before = chunk(batch.inputs, step - 1, step);
    const auto features = model.advance(before.with(read.back()), *state, &draw);
    const auto written = model.output().top_k(features, 1, bans).ids.squeeze(1).to(read.back().device());
    const auto given = chunk(batch.inputs, step, step + 1);
    const auto is_forced = chunk(forced, step, step + 1).rows;
    read.push_back(at::where(is_forced, given.rows, written.narrow(0, 0, given.rows.size(0))));
  }
  return batch.inputs.with(at::cat(read));
}

}  // namespace seq2seq::train
