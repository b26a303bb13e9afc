#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/registry.h"

namespace seq2seq::config::test {

/// A small configuration with a key of every type, sections within sections and both forms of choice.
enum class Reverse { none, source, target };

struct Schedule {
  virtual ~Schedule() = default;
};

struct ConstantOptions {};
inline void declare(Keys&, ConstantOptions&) {}
struct Constant final : Schedule {
  using Options = ConstantOptions;
  explicit Constant(const Options&) {}
};

struct HalveOptions {
  double from_epoch = 5;
  double every_epochs = 0.5;
};
inline void declare(Keys& keys, HalveOptions& options) {
  keys.add("from_epoch", options.from_epoch, "the first halving").unit("epochs").at_least(0);
  keys.add("every_epochs", options.every_epochs, "between two halvings").unit("epochs").above(0);
}
struct Halve final : Schedule {
  using Options = HalveOptions;
  explicit Halve(const Options&) {}
};

struct WarmupOptions {
  int64_t updates = 4000;
  double every_epochs = 2;
};
inline void declare(Keys& keys, WarmupOptions& options) {
  keys.add("updates", options.updates, "until the largest rate").at_least(1);
  keys.add("every_epochs", options.every_epochs, "between two restarts").above(0);
}
struct Warmup final : Schedule {
  using Options = WarmupOptions;
  explicit Warmup(const Options&) {}
};

using Schedules = Registry<Schedule>;
/// `version`: that of `constant` and `halve`.
inline Schedules schedules(int version = 1) {
  Schedules all;
  all.add<Constant>("constant", "always the same", {.version = version});
  all.add<Halve>("halve", "halved now and then", {.version = version});
  all.add<Warmup>("warmup", "rises, then falls");
  return all;
}

struct OptimizerOptions {
  double learning_rate = 0.7;
  double beta1 = 0.9;
  bool fused = true;
};
inline void declare(Keys& keys, OptimizerOptions& options) {
  keys.add("learning_rate", options.learning_rate, "step size").above(0).may_change_on_resume();
  keys.add("beta1", options.beta1, "decay of the mean").at_least(0);
  keys.add("fused", options.fused, "one pass over all parameters");
  keys.rule("beta1", [&options] { return options.beta1 < 1 ? "" : "must lie below 1"; });
}

struct TrainOptions {
  int64_t epochs = 10;
  std::optional<int64_t> updates{};
  double limit = 5;
  OptimizerOptions optimizer{};
  Selection schedule{"constant", nullptr};
};

struct DataOptions {
  std::filesystem::path train{};
  std::vector<std::filesystem::path> references{};
  std::filesystem::path words{};
  std::vector<std::string> metrics{"perplexity"};
  std::vector<double> shares{1, 0.5};
  Reverse reverse = Reverse::source;
};
inline void declare(Keys& keys, DataOptions& options) {
  keys.add("train", options.train, "file of sentences").required();
  keys.add("references", options.references, "files of translations");
  keys.add_file("words", options.words, "file of known words");
  keys.add("metrics", options.metrics, "what is measured").one_of({"perplexity", "bleu", "wer"});
  keys.add("shares", options.shares, "of each file").at_least(0).below(10);
  keys.add("reverse", options.reverse,
           {{"none", Reverse::none}, {"source", Reverse::source}, {"target", Reverse::target}},
           "the side that is turned round");
}

struct Sample {
  Schedules kinds;
  uint64_t seed = 1;
  std::string name = "run";
  DataOptions data{};
  TrainOptions train{};
  Keys keys{};

  explicit Sample(Schedules all = schedules()) : kinds(std::move(all)) {
    keys.add("seed", seed, "of all draws");
    keys.add("name", name, "for people").changes_no_result();
    keys.section("data", data, "the text");
    keys.section("train", *this, "how the model is trained");
  }
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;

  /// The section `train`, which needs the registry beside its options.
  friend void declare(Keys& keys, Sample& sample) {
    TrainOptions& train = sample.train;
    keys.add("epochs", train.epochs, "passes over the data")
        .unit("epochs")
        .at_least(1)
        .at_most(100)
        .may_change_on_resume();
    keys.add("updates", train.updates, "instead of epochs").at_least(1);
    keys.add("limit", train.limit, "of the gradient's norm")
        .at_least(0)
        .at_most(std::numeric_limits<double>::infinity());
    keys.section("optimizer", train.optimizer, "the steps");
    keys.select("schedule", train.schedule, sample.kinds, "the learning rate over time");
  }

  template <class Options>
  const Options& schedule_options() const {
    return *train.schedule.options.get<Options>();
  }

  /// Reads a text, after adding the only required key.
  void read(const std::string& text, const std::vector<std::string>& set = {}) {
    std::vector<Override> overrides{{"--set data.train=t", "data.train", "t"}};
    for (const auto& typed : set) overrides.push_back(parse_override(typed));
    read_text(text, "a.yaml", "/configs", overrides, keys);
  }
};

/// Returns the faults of a text, one per line.
inline std::string faults_of(const std::string& text, const std::vector<std::string>& set = {}) {
  Sample sample;
  try {
    sample.read(text, set);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace seq2seq::config::test
