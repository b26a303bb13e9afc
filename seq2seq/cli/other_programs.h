#pragma once

#include <functional>
#include <string>

namespace seq2seq::cli {

/// Returns our command for a name that other programs use, `evaluate` for `test`; empty if there is none.
std::string command_elsewhere(const std::string& word);

/// The command that an unknown option was given to.
struct OptionContext {
  std::function<bool(const std::string&)> has_option;  // `--set`
  std::string file{};                                  // name of its input as an argument: INPUT; empty: none
  std::string configuration{};                         // the same for a configuration or a study: CONFIG
};
/// Returns advice for an option of other programs, `use `--device cuda`` for `--gpu`; empty if there is none.
std::string option_elsewhere(const std::string& option, const OptionContext& command);

}  // namespace seq2seq::cli
