#include "seq2seq/run/init/init.h"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::cli {

namespace {

class Init final : public Command {
 public:
  std::string name() const override { return "init"; }
  std::string about() const override { return "write a configuration for your own text, and split the text"; }
  Help help() const override {
    return {.examples = {"init first --source text.en --target text.fr",
                         "init dates --source dates.prose.gz --target dates.iso.gz"},
            .page = "docs/own-data.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("FOLDER", folder_, "new folder for config.yaml and the split text");
    arguments.option("--source", source_, "FILE",
                     "source sentences, one per line, plain or compressed by gzip or Zstandard");
    arguments.option("--target", target_, "FILE", "targets, one per line, in the order of the sources");
    arguments.flag("--quiet", common_.quiet, "print only warnings and errors");
  }

  int run(const Context& context) override {
    for (const auto& [option, file] : {std::pair("--source", &source_), std::pair("--target", &target_)})
      if (file->empty())
        throw UsageError(fmt::format("`{} FILE` is missing", option),
                         "Example: `seq2seq init first --source text.en --target text.fr`");
    auto log = common_.log(context);
    const auto environment = common_.environment(context, log);
    const auto made = run::init(folder_, {source_, target_}, environment);
    auto& out = *context.streams.out;
    out << fmt::format(
        "{}: {} to train on, {} to validate, {} to test{}\n", folder_, format_count(made.training, "pair"),
        format_count(made.validation), format_count(made.test),
        made.left_out == 0 ? "" : fmt::format("; {} with an empty side left out", format_count(made.left_out)));
    out << fmt::format(R"(
Look at {0}/config.yaml, then:
  {1} train {0}/config.yaml --run {0}/run
  {1} evaluate {0}/run
  {1} translate {0}/run {0}/test.source
)",
                       folder_, context.program);
    out.flush();
    check_written(out);
    return Exit::done;
  }

 private:
  std::string folder_, source_, target_;
  CommonArguments common_;
};

}  // namespace

std::unique_ptr<Command> init_command() { return std::make_unique<Init>(); }

}  // namespace seq2seq::cli
