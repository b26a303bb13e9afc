#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/manual_page.h"
#include "seq2seq/core/version.h"

namespace seq2seq::cli {

namespace {

class Man final : public Command {
 public:
  std::string name() const override { return "man"; }
  std::string about() const override { return "print the manual page, for `man -l -`"; }
  Help help() const override { return {.examples = {"man | man -l -", "man > seq2seq.1"}, .page = "README.md"}; }
  void declare(Arguments&) override {}
  int run(const Context& context) override {
    *context.streams.out << manual_page(describe(builtin_commands()), version().number) << std::flush;
    check_written(*context.streams.out);
    return Exit::done;
  }
};

}  // namespace

std::unique_ptr<Command> man_command() { return std::make_unique<Man>(); }

}  // namespace seq2seq::cli
