#include "seq2seq/cli/help.h"

#include <fmt/format.h>

namespace seq2seq::cli {

std::vector<CommandGroup> builtin_groups() {
  return {
      {.name = "config",
       .about = "list the keys of a configuration, or check a file",
       .help = {.examples = {"config reference train.optimizer", "config check configs/g2p.yaml"},
                .page = "docs/configuration.md"}},
      {.name = "study",
       .about = "answer a question by experiment: train its variants with several seeds, and write a table",
       .help = {.examples = {"study plan experiments/sutskever2014/reversal-copy.yaml --scale small",
                             "study run experiments/sutskever2014/reversal-copy.yaml --scale small"},
                .page = "docs/studies.md"}},
  };
}

std::string to_text(const Help& help, const std::string& program) {
  std::string text = "Examples:\n";
  for (const auto& example : help.examples) text += fmt::format("  {} {}\n", program, example);
  return text + fmt::format("\nDocumentation: {}, in the source folder", help.page);
}

Help program_help() {
  return {.examples = {"init first --source text.en --target text.fr", "train first/config.yaml --run first/run"},
          .page = "docs/index.md; for a first model, docs/own-data.md"};
}

std::string program_footer(const std::string& program) {
  return fmt::format("{0}\nHelp with a command: {1} help COMMAND", to_text(program_help(), program), program);
}

}  // namespace seq2seq::cli
