#include <cstdlib>
#include <filesystem>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/parallel/distributed/launch.h"
#include "seq2seq/parallel/distributed/rank_lost.h"
#include "seq2seq/run/kernel_check/check_training.h"
#include "seq2seq/run/train_run.h"

namespace seq2seq::cli {

namespace {

constexpr const char* stopping =
    "\nstopping after the current update or validation, then writing a checkpoint; a second signal stops at once\n";

class Train final : public Command {
 public:
  std::string name() const override { return "train"; }
  std::string about() const override { return "train a new run from a configuration, or continue a run"; }
  Help help() const override {
    return {.examples = {"train configs/g2p.yaml --run runs/g2p --set train.updates=5000", "train --resume runs/g2p"},
            .page = "docs/training.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.optional("CONFIG", config_, "YAML file of a new run");
    arguments.option("--run", folder_, "FOLDER", "folder of the new run (default: runs/ and the name of CONFIG)");
    arguments.option("--resume", resumed_, "FOLDER", "continue this run instead");
    arguments.option(
        "--checkpoint", checkpoint_, "N",
        "with --resume: go back to this checkpoint (best, last, or the number of an update) and drop the updates after "
        "it (default: last)");
    arguments.option("--init-from", init_from_, "RUN",
                     "start with the weights of another run (fine-tuning): its best checkpoint, or RUN/checkpoints/N");
    arguments.option("--seed", seed_, "N", "set `seed`");
    arguments.flag("--explain", explain_, "print data, model and memory of a new run, without training it");
    arguments.option("--check-kernels", check_kernels_, "N",
                     "compare our kernels with LibTorch's operators on the first N batches of a new run, without "
                     "training it; exit status 1 if a difference is too large");
    arguments.option("--timeline", timeline_, "FILE",
                     "write the timeline of the fourth update, with the work of each place, as a Chrome trace");
    common_.declare(arguments, "set a configuration key, such as train.optimizer.learning_rate=0.1; repeatable");
  }

  bool works_together() const override { return true; }

  int run(const Context& context) override {
    check();
    try {
      return train(context);
    } catch (const parallel::RankLost& lost) {
      if (lost.report()) *context.streams.err << "error: " << lost.what() << std::endl;
      std::_Exit(Exit::failed);  // see RankLost
    }
  }

 private:
  int train(const Context& context) const {
    const auto launch = parallel::read_launch();
    auto log = common_.log(context, launch);
    auto environment = common_.environment(context, log, launch);
    if (timeline_) {
      check_writable(*timeline_);
      environment.timeline = *timeline_;
    }
    auto overrides = common_.overrides();
    add_override(overrides, "--seed", "seed", seed_);
    if (explain_) {
      for (const auto& line : run::explain_training(
               {.config = config_, .overrides = overrides, .folder = {}, .init_from = init_from_}, environment))
        *context.streams.out << line << '\n';
      context.streams.out->flush();
      check_written(*context.streams.out);
      return Exit::done;
    }
    if (check_kernels_) return check_kernels(context, overrides, environment);
    const InterruptGuard guard(log.quiet() ? nullptr : stopping);
    const auto outcome =
        resumed_ ? run::resume(*resumed_, overrides, environment, checkpoint_)
                 : run::train_new(
                       {.config = config_, .overrides = overrides, .folder = new_folder(), .init_from = init_from_},
                       environment);
    return outcome.ending == train::Ending::interrupted ? Exit::interrupted_with_checkpoint : Exit::done;
  }

  int check_kernels(const Context& context, const std::vector<config::Override>& overrides,
                    const run::Environment& environment) const {
    constexpr int64_t most = 1'000'000;
    const auto batches = parse_number<int64_t>("--check-kernels", *check_kernels_, 1, most);
    const auto report = run::check_kernels(
        {.config = config_, .overrides = overrides, .folder = {}, .init_from = init_from_}, batches, environment);
    for (const auto& line : report.lines) *context.streams.out << line << '\n';
    context.streams.out->flush();
    check_written(*context.streams.out);
    if (report.fault.empty()) return Exit::done;
    throw Error(
        report.fault,
        "Please report it with the table above. A lower instruction set avoids these kernels: SEQ2SEQ_ISA=avx2, "
        "or reference");
  }

  void check() const {
    const auto refuse = [](const char* option) {
      throw UsageError(Place{.part = option}, "cannot be combined with `--resume`, which takes it from the run");
    };
    if (!resumed_ && config_.empty()) {
      throw UsageError("nothing to train; give a configuration, or a run with `--resume`",
                       "See `seq2seq train --help`");
    }
    if (!resumed_ && checkpoint_) {
      throw UsageError(Place{.part = "--checkpoint " + *checkpoint_},
                       "needs `--resume`; to start a new run from the weights of another, use `--init-from`");
    }
    if (check_kernels_ && explain_)
      throw UsageError(Place{.part = "--check-kernels"}, "cannot be combined with `--explain`");
    const char* examines = explain_ ? "--explain" : check_kernels_ ? "--check-kernels" : nullptr;
    if (examines != nullptr && timeline_)
      throw UsageError(Place{.part = "--timeline " + *timeline_},
                       fmt::format("cannot be combined with `{}`, which does not train", examines));
    if (!resumed_) return;
    if (!config_.empty()) refuse(config_.c_str());
    if (folder_) refuse("--run");
    if (init_from_)
      throw UsageError(Place{.part = "--init-from"},
                       "cannot be combined with `--resume`, which continues with the run's own weights",
                       "Start a new run with `--init-from`");
    if (examines != nullptr)
      throw UsageError(Place{.part = examines}, "cannot be combined with `--resume`: it examines a new run",
                       "Give the run's configuration instead, `RUN/config.yaml`");
  }

  std::filesystem::path new_folder() const {
    return folder_ ? std::filesystem::path(*folder_) : "runs" / std::filesystem::path(config_).stem();
  }

  std::string config_;
  std::optional<std::string> folder_, resumed_, checkpoint_, init_from_, seed_, timeline_, check_kernels_;
  bool explain_ = false;
  CommonArguments common_;
};

}  // namespace

std::unique_ptr<Command> train_command() { return std::make_unique<Train>(); }

}  // namespace seq2seq::cli
