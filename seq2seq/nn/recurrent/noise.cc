#include "seq2seq/nn/recurrent/noise.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/where.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/data/send.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

// Uses of a layer's site. Zoneout takes one for each part of the state, from `zoneout_use` on.
constexpr uint32_t dropout_use = 1, zoneout_use = 2, weights_use = 8;

class NoisyCell {
 public:
  NoisyCell(const NoisyRun& run, const RecurrentNoise& noise)
      : run_(run), noise_(noise), steps_(run.chunk.layout->running) {
    if (run.draw == nullptr) return;
    const auto& layout = *run.chunk.layout;
    const auto options = run.chunk.rows.options();
    if (noise.dropout > 0)
      dropped_ =
          sent(sentence_mask(layout, run.before[0].size(1), noise.dropout, run.site.within(dropout_use), *run.draw),
               options);
    for (size_t part = 0; noise.zoneout > 0 && part < run.before.size(); ++part) {
      const auto site = run.site.within(zoneout_use + static_cast<uint32_t>(part));
      kept_.push_back(sent(dropout_mask(layout, run.before[part].size(1), noise.zoneout, site, *run.draw), options) ==
                      0);
    }
  }

  CellOutput over_steps(const std::shared_ptr<const Cell>& cell, const CellPrepared& prepared) const {
    State state = run_.before;
    std::vector<Tensor> rows;
    for (int64_t step = 0; step < steps_.count(); ++step) {
      const int64_t sentences = steps_.sentences(step);
      State before, fed;
      for (const auto& part : state) before.push_back(part.narrow(0, 0, sentences));
      fed = before;
      if (dropped_.defined()) fed[0] = fed[0] * dropped_.narrow(0, 0, sentences);
      const auto made = run_cell(cell, steps_.of(run_.chunk.rows, step), fed, {sentences}, &prepared);
      for (size_t part = 0; part < state.size(); ++part) {
        const auto next = zoned_out(part, step, before[part], made.last[part]);
        if (part == 0) rows.push_back(next);
        const int64_t ended = state[part].size(0) - sentences;
        state[part] = ended == 0 ? next : at::cat({next, state[part].narrow(0, sentences, ended)});
      }
    }
    return {.rows = at::cat(rows), .last = std::move(state), .kept = {}};
  }

 private:
  Tensor zoned_out(size_t part, int64_t step, const Tensor& before, const Tensor& next) const {
    if (noise_.zoneout == 0) return next;
    return kept_.empty() ? at::lerp(next, before, noise_.zoneout)
                         : at::where(steps_.of(kept_[part], step), before, next);
  }

  const NoisyRun& run_;
  const RecurrentNoise& noise_;
  Steps steps_;
  Tensor dropped_;            // [S, width of h]; undefined: nothing is dropped
  std::vector<Tensor> kept_;  // one per part of the state, [N, width]; empty: takes the mean
};

}  // namespace

void declare(config::Keys& keys, RecurrentNoise& noise) {
  keys.add("recurrent_dropout", noise.dropout,
           "dropout probability of the units of h between steps, the same units at all steps of a sentence; above 0, "
           "layers "
           "run step by step, which is slower")
      .at_least(0)
      .below(1);
  declare_without_recurrent_dropout(keys, noise);
}

void declare_without_recurrent_dropout(config::Keys& keys, RecurrentNoise& noise) {
  keys.add("zoneout", noise.zoneout,
           "share of the units of the state that keep their previous value at a step; above 0, layers run step by "
           "step, which is slower")
      .at_least(0)
      .below(1);
  keys.add("weight_dropout", noise.weights,
           "dropout probability of the recurrent weights; one choice for the whole update")
      .at_least(0)
      .below(1);
}

Tensor recurrent_weight_mask(const Tensor& weights, double share, Site layer, const Draw& draw) {
  const auto mask = weight_mask(weights.size(0), weights.size(1), share, layer.within(weights_use), draw);
  return data::send(mask, weights.device()).to(weights.scalar_type());
}

CellOutput run_with_noise(const std::shared_ptr<const Cell>& cell, const NoisyRun& run, const RecurrentNoise& noise,
                          const CellPrepared& prepared) {
  return NoisyCell(run, noise).over_steps(cell, prepared);
}

}  // namespace seq2seq::nn
