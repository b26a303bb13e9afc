#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/cli/help.h"

namespace CLI {
class App;
}

namespace seq2seq::cli {

class Command;

/// Arguments of a command, bound to its fields. CLI11 reads them; only one file includes it, because it costs 4 seconds
/// of compilation per file.
class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(&app) {}
  void required(const std::string& name, std::string& value, const std::string& meaning);  // by position
  void optional(const std::string& name, std::string& value, const std::string& meaning);
  /// `value`: name of the option's argument in the help, such as FILE or N.
  void option(const std::string& option, std::string& field, const std::string& value, const std::string& meaning);
  void option(const std::string& option, std::optional<std::string>& field, const std::string& value,
              const std::string& meaning);
  /// Adds an option that may be repeated, with one value each time.
  void repeatable(const std::string& option, std::vector<std::string>& field, const std::string& value,
                  const std::string& meaning);
  void flag(const std::string& option, bool& field, const std::string& meaning);

 private:
  CLI::App* app_;
};

using Commands = std::vector<std::unique_ptr<Command>>;

/// One line that describes the program.
inline constexpr const char* program_summary =
    "Learns to map sequences to sequences: LSTM encoder-decoders, attention, Transformers.";

/// One argument of a command, as shown by `--help`.
struct ArgumentFacts {
  std::string name;   // `--device`; for a positional one `CONFIG`
  std::string value;  // name of its value: `DEVICE`, `CONFIG`; empty for a flag
  std::string meaning;
  bool positional = false, required = false, repeatable = false;
};
struct CommandFacts {
  std::string name;  // `config check` for a command of a group
  std::string about;
  Help help;
  std::vector<ArgumentFacts> arguments;
};
/// Returns the arguments of all commands, for shell completion and the manual page.
std::vector<CommandFacts> describe(const Commands& commands);

/// The program as shown in its help.
struct ProgramText {
  std::string name = "seq2seq";  // as the user called it
  std::string version;
};

/// Fills the fields of the command selected by the words after the program's name. Returns null if only help was
/// requested, which is then written to `out`. Throws UsageError; if a command is missing, first writes its help to
/// `err`.
Command* parse(const std::vector<std::string>& words, const Commands& commands, const ProgramText& program,
               std::ostream& out, std::ostream& err);

}  // namespace seq2seq::cli
