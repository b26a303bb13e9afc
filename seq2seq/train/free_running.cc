#include "seq2seq/train/free_running.h"

#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::train {
namespace {

/// [B] bool: the pairs that read their target.
at::Tensor forced_pairs(const data::Layout& layout, double share, const nn::Draw& draw) {
  const RandomStream stream(draw.seed, Purpose::forcing);
  const auto keys = layout.key.to(at::kCPU).contiguous();
  const auto* key = keys.const_data_ptr<int64_t>();
  auto forced = at::empty({layout.sentences}, at::kBool);
  auto* out = forced.mutable_data_ptr<bool>();
  for (int64_t pair = 0; pair < layout.sentences; ++pair) {
    out[pair] = stream.uniform(static_cast<uint64_t>(key[pair]), static_cast<uint32_t>(draw.update)) < share;
  }
  return forced.to(layout.owner.device());
}

}  // namespace

data::Packed decoder_inputs(const nn::Model& model, const nn::Memory& memory, const data::Batch& batch,
                            double teacher_forcing, const nn::Draw& draw) {
  const at::NoGradGuard no_gradient;
  const auto& layout = *batch.inputs.layout;
  const auto forced = forced_pairs(layout, teacher_forcing, draw);
  if (forced.all().item<bool>()) return batch.inputs;
  const auto sentences = at::arange(batch.sentences(), batch.source.rows.options().dtype(at::kLong));  // [B]
  const auto state = model.start(memory, sentences);
  const nn::Bans bans{.words = at::tensor({text::start_id}, at::kLong), .rows = {}, .row_words = {}};
  std::vector<at::Tensor> read{chunk(batch.inputs, 0, 1).rows};  // step by step, of the sentences still running
  for (int64_t step = 1; step < layout.steps(); ++step) {
    const auto before = chunk(batch.inputs, step - 1, step);
    const auto features = model.advance(before.with(read.back()), *state, &draw);
    const auto written = model.output().top_k(features, 1, bans).ids.squeeze(1).to(read.back().device());
    const auto given = chunk(batch.inputs, step, step + 1);
    const auto is_forced = forced.index_select(0, given.layout->owner);
    read.push_back(at::where(is_forced, given.rows, written.narrow(0, 0, given.rows.size(0))));
  }
  return batch.inputs.with(at::cat(read));
}

}  // namespace seq2seq::train
