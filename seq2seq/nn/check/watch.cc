#include "seq2seq/nn/check/watch.h"

#include <utility>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

struct WatchedOptions {
  std::shared_ptr<const LayerRegistry> kinds;
  Selection layer;
  std::shared_ptr<LayerWatches> watches;
};

void declare(config::Keys& keys, WatchedOptions& options) {
  const auto kind = options.kinds->options(options.layer.kind, options.layer.options);
  options.layer.options = kind.value;
  kind.declare(keys);
}

class WatchedLayer final : public Layer {
 public:
  using Options = WatchedOptions;
  WatchedLayer(const Options& options, const LayerContext& context) : watch_(std::make_shared<LayerWatch>()) {
    const auto& added = context.parameters.added();
    const auto before = std::ssize(added);
    watch_->kind = options.layer.kind;
    watch_->layer = options.kinds->make(options.layer, context);
    watch_->parameters.assign(added.begin() + before, added.end());
    options.watches->push_back(watch_);
  }

  Packed run(const Packed& chunk, State& state, const LayerCall& call) const override {
    const auto noted = std::make_shared<WatchedCall>();
    noted->input = chunk.with(chunk.rows.detach());
    for (const auto& part : state) noted->before.push_back(part.detach());
    noted->state_gradient.resize(state.size());
    noted->first_step = steps_so_far();
    auto output = inner().run(chunk, state, call);
    note_gradient(output.rows, noted, noted->rows_gradient);
    for (size_t part = 0; part < state.size(); ++part) {
      // If a state is the rows themselves, its gradient is part of theirs.
      if (!state[part].is_same(output.rows)) note_gradient(state[part], noted, noted->state_gradient[part]);
    }
    watch_->calls.push_back(noted);
    return output;
  }

  StateShape state_shape() const override { return inner().state_shape(); }
  int64_t width() const override { return inner().width(); }
  ParameterPlace place() const override { return inner().place(); }
  bool needs_all_steps() const override { return inner().needs_all_steps(); }
  int64_t directions() const override { return inner().directions(); }
  std::shared_ptr<const PreparedWeights> prepare() const override { return inner().prepare(); }
  std::shared_ptr<const PreparedWeights> prepare_steps() const override { return inner().prepare_steps(); }

 private:
  const Layer& inner() const { return *watch_->layer; }

  int64_t steps_so_far() const {
    if (watch_->calls.empty()) return 0;
    const auto& last = *watch_->calls.back();
    return last.first_step + last.input.layout->steps();
  }

  /// `into`: a tensor of `call`.
  static void note_gradient(const at::Tensor& output, const std::shared_ptr<WatchedCall>& call, at::Tensor& into) {
    if (output.requires_grad())
      output.register_hook([call, &into](const at::Tensor& gradient) {
        if (gradient.defined()) into = gradient.detach();
      });
  }

  std::shared_ptr<LayerWatch> watch_;
};

}  // namespace

LayerRegistry watched(const LayerRegistry& kinds, const std::shared_ptr<LayerWatches>& watches) {
  const auto inner = std::make_shared<const LayerRegistry>(kinds);
  LayerRegistry registry;
  for (const auto& kind : kinds.names())
    registry.add<WatchedLayer>(
        kind, kinds.about(kind),
        {.version = kinds.version(kind),
         .defaults = {.kinds = inner, .layer = {.kind = kind, .options = nullptr}, .watches = watches}});
  return registry;
}

}  // namespace seq2seq::nn
