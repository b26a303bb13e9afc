#pragma once

#include <iosfwd>
#include <string>

#include "seq2seq/cli/arguments.h"
#include "seq2seq/cli/help.h"
#include "seq2seq/cli/terminal.h"
#include "seq2seq/run/run.h"

namespace seq2seq::cli {

/// The exit codes of the program. If the reader of the output stops early, like `head`, the command ends quietly with
/// the code that a shell shows for SIGPIPE.
enum Exit : int { done = 0, failed = 1, usage = 2, interrupted_with_checkpoint = 130, reader_gone = 141 };

/// Streams of the program. Tests pass their own.
struct Streams {
  int in = -1;                  // descriptor of the standard input
  std::ostream* out = nullptr;  // results
  std::ostream* err = nullptr;  // everything else
  Terminal terminal;
};
Streams streams_of_process();

struct Context {
  const run::Registries* registries = nullptr;
  Streams streams;
  std::string program = "seq2seq";  // as called by the user, for commands in messages
};

/// One command of the program: declares its arguments, and runs.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string name() const = 0;   // `train`; `config check` for a command of a group
  virtual std::string about() const = 0;  // one line
  virtual Help help() const = 0;          // two examples
  virtual void declare(Arguments& arguments) = 0;
  /// Returns true if the command runs in several processes started by a launcher.
  virtual bool works_together() const { return false; }
  /// Returns an exit code. Throws Error and classes derived from it.
  virtual int run(const Context& context) = 0;
};

Commands builtin_commands();

/// Runs the whole program. `main` makes the registries, adds its own kinds, and calls this. Never throws. Call it
/// before anything starts a thread or writes to a standard stream, because it may restart the process once
/// (share_processors.h).
int run(int count, char** words, const run::Registries& registries);
/// `words`: the arguments after the name of the program, which is `program`.
int run(const std::vector<std::string>& words, const run::Registries& registries, const Streams& streams,
        const std::string& program = "seq2seq");

}  // namespace seq2seq::cli
