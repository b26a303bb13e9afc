#pragma once

#include <string>
#include <vector>

namespace seq2seq::cli {

/// The end of `--help`: examples of the command, and the page that describes it.
struct Help {
  std::vector<std::string> examples;  // without the program's name: `train configs/g2p.yaml --run runs/g2p`
  std::string page;                   // in the source folder: `docs/configuration.md`
};

/// A word before a group of commands, such as `study` before `study run`.
struct CommandGroup {
  std::string name, about;
  Help help;
};
std::vector<CommandGroup> builtin_groups();

/// Returns the text: examples with the program's name as called, and the page.
std::string to_text(const Help& help, const std::string& program);

/// Returns the help of the program as a whole.
Help program_help();

/// Returns the end of the program's own `--help`.
std::string program_footer(const std::string& program);

}  // namespace seq2seq::cli
