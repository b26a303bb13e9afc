// Trainings with sparse gradients of tables, compared with dense ones.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "seq2seq/train/adam.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/sgd.h"
#include "seq2seq/train/update.h"
#include "test/support/catch.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

/// An optimizer that gets dense gradients.
template <class Inner>
class Whole final : public Optimizer {
 public:
  using Options = typename Inner::Options;
  Whole(const Options& options, const NamedParameters& parameters) : inner_(options, parameters) {}
  using Optimizer::step;
  void step(double learning_rate, const at::Tensor& skip) override { inner_.step(learning_rate, skip); }
  void step(const EditedStep& edited) override {
    for (const auto& gradient : edited.gradients) CHECK_FALSE(gradient.is_sparse());
    inner_.step(edited);
  }
  double learning_rate() const override { return inner_.learning_rate(); }
  nn::NamedTensors state() const override { return inner_.state(); }
  void restore(const nn::NamedTensors& state, const std::filesystem::path& file) override {
    inner_.restore(state, file);
  }

 private:
  Inner inner_;
};

OptimizerRegistry with_whole_gradients() {
  OptimizerRegistry registry;
  registry.add<Whole<Sgd>>("sgd", "");
  registry.add<Whole<Adam>>("adam", "");
  return registry;
}

std::vector<Selection> optimizers() {
  return {selection("sgd", SgdOptions{.learning_rate = 0.5}),
          selection("sgd", SgdOptions{.learning_rate = 0.5, .momentum = 0.9, .nesterov = true}),
          selection("sgd", SgdOptions{.learning_rate = 0.5, .weight_decay = 0.01}),
          selection("adam", AdamOptions{.learning_rate = 0.01}),
          selection("adam", AdamOptions{.learning_rate = 0.01, .weight_decay = 0.01}),
          selection("adam", AdamOptions{.learning_rate = 0.01, .weight_decay = 0.01, .decoupled = true})};
}

TEST_CASE("training: sparse gradients of tables give the bits of whole ones", "[train][update][optimizer][gradient]") {
  auto options = tiny_options();
  options.optimizer = GENERATE(from_range(optimizers()));
  options.accumulate = GENERATE(1, 3);
  options.clip = GENERATE(selection("norm", NormClipOptions{.limit = 0.5}), selection("none", NoClipOptions{}),
                          selection("value", ValueClipOptions{.limit = 0.01}));
  options.average.decay = 0.9;
  CAPTURE(options.optimizer.kind, options.accumulate, options.clip.kind);
  TinyRun sparse, whole;
  const auto registry = with_whole_gradients();
  whole.setup.optimizers = &registry;
  sparse.train(options);
  whole.train(options);
  CHECK(same_tensors(nn::weights_of(*sparse.model), nn::weights_of(*whole.model)));
  CHECK(sparse.metrics("train").back().at("gradient_norm") == whole.metrics("train").back().at("gradient_norm"));
}

TEST_CASE("update: the gradients of tables that are only looked up are sparse on the CPU", "[train][update]") {
  TinyRun run;
  const auto options = tiny_options();
  const NamedParameters parameters = trainable_parameters(*run.model, {});
  Updater updater(options, run.setup, parameters);
  const std::vector<int64_t> pairs{0, 1, 2};
  updater.make({data::make_batch(run.corpus, pairs, run.text)}, {.seed = 1, .update = 3}, 1);
  for (const auto& [name, parameter] : parameters) {
    CAPTURE(name);
    CHECK(parameter.grad().is_sparse() == name.ends_with("embedding.weight"));
  }
}

/// A clipping by the user that needs all gradients at once.
class SignClip final : public Clip {
 public:
  using Options = NoClipOptions;
  explicit SignClip(const Options&) {}
  void apply(const std::vector<at::Tensor>& gradients, const at::Tensor&) const override {
    for (auto gradient : gradients) gradient.sign_();
  }
};

TEST_CASE("training: a clipping that takes gradients as they are is given the stored ones", "[train][update][clip]") {
  auto options = tiny_options();
  options.optimizer = GENERATE(from_range(optimizers()));
  CAPTURE(options.optimizer.kind);
  ClipRegistry clips;
  clips.add<SignClip>("sign", "");
  options.clip = {.kind = "sign", .options = nullptr};
  TinyRun sparse, whole;
  const auto registry = with_whole_gradients();
  whole.setup.optimizers = &registry;
  for (auto* run : {&sparse, &whole}) {
    run->setup.clips = &clips;
    run->train(options);
  }
  CHECK(same_tensors(nn::weights_of(*sparse.model), nn::weights_of(*whole.model)));
}

}  // namespace
}  // namespace seq2seq::train
