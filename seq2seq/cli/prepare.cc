#include "seq2seq/run/prepare.h"

#include <filesystem>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/data/prepare/prepared_folder.h"

namespace seq2seq::cli {

namespace {

class Prepare final : public Command {
 public:
  std::string name() const override { return "prepare"; }
  std::string about() const override {
    return "convert the training text of a configuration to memory-mapped token stores";
  }
  Help help() const override {
    return {.examples = {"prepare configs/debian-en-fr.yaml",
                         "prepare first/config.yaml --set data.prepared=first/prepared"},
            .page = "docs/data.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("CONFIG", config_,
                       "YAML file with the text and the folder `data.prepared`; only the section `data` is needed");
    common_.declare_for_text(arguments, "set a configuration key, such as data.prepared=FOLDER; repeatable");
  }

  int run(const Context& context) override {
    auto log = common_.log(context);
    const auto environment = common_.environment(context, log);
    const InterruptGuard guard;
    const auto [folder, summary] = run::prepare(config_, common_.overrides(), environment);
    if (log.quiet()) return Exit::done;
    run::describe(*context.streams.out, folder, summary);
    context.streams.out->flush();
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  std::string config_;
  CommonArguments common_;
};

}  // namespace

std::unique_ptr<Command> prepare_command() { return std::make_unique<Prepare>(); }

}  // namespace seq2seq::cli
