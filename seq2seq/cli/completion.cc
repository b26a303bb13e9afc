#include "seq2seq/cli/bash_completion.h"
#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::cli {

namespace {

class Completion final : public Command {
 public:
  std::string name() const override { return "completion"; }
  std::string about() const override { return "print a completion script for a shell"; }
  Help help() const override {
    return {
        .examples = {"completion bash > ~/.local/share/bash-completion/completions/seq2seq", "completion bash | less"},
        .page = "README.md"};
  }
  void declare(Arguments& arguments) override { arguments.required("SHELL", shell_, "bash"); }
  int run(const Context& context) override {
    if (shell_ != "bash") throw UsageError(Place{.part = "SHELL"}, "unknown shell " + quote(shell_) + "; use `bash`");
    const run::Configuration configuration(*context.registries);
    *context.streams.out << bash_completion(describe(builtin_commands()), configuration.keys) << std::flush;
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> completion_command() { return std::make_unique<Completion>(); }

}  // namespace seq2seq::cli
