#pragma once

#include <charconv>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/cli/command.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/log.h"
#include "seq2seq/parallel/distributed/launch.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::cli {

/// Options of every command that works for a while, outside the configuration.
struct CommonArguments {
  std::string device, threads = "0";
  bool quiet = false;
  std::vector<std::string> set;

  void declare(Arguments& arguments, const std::string& what_set_means);
  /// The same without `--device`, for commands that only read and write text.
  void declare_for_text(Arguments& arguments, const std::string& what_set_means);
  /// Of several processes, only rank 0 prints messages; the others print only warnings, with their rank.
  Log log(const Context& context, const parallel::Launch& launch = {}) const;
  /// Throws UsageError for a missing device or an invalid number. Without a device, each rank of a launch uses the GPU
  /// of its local rank, if there are GPUs.
  run::Environment environment(const Context& context, Log& log, const parallel::Launch& launch = {}) const;
  std::vector<config::Override> overrides() const;
};

/// Returns the number of an option. Throws UsageError with the option as typed unless the text is a number in [least,
/// most].
template <class Number>
Number parse_number(const std::string& option, const std::string& text, Number least, Number most) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault == std::errc() && stop == end && number >= least && number <= most) return number;
  throw UsageError(Place{.part = option + " " + text}, fmt::format("must be a number from {} to {}", least, most));
}

/// Adds an option that sets a key: its value is checked like that of the key, and messages show the option as typed.
/// Throws UsageError if `--set` also sets the key.
void add_override(std::vector<config::Override>& overrides, const std::string& option, const std::string& key,
                  const std::optional<std::string>& value);
void add_override(std::vector<config::Override>& overrides, config::Override setting);

/// Options of the commands that use a trained run.
struct RunArguments {
  std::string folder, checkpoint = "best";
  std::optional<std::string> beam, placement, weights;
  std::vector<std::string> others;
  CommonArguments common;

  void declare(Arguments& arguments, bool searches);
  run::LoadedRun load(const run::Environment& environment, std::vector<config::Override> more = {}) const;
};

/// Warns of tokens that are not in the vocabulary, unless `log` is quiet. `side`: source or target.
void warn_of_unknown(Log& log, const run::UnknownTokens& counts, const char* side);

/// Warns of outputs that are shorter than `decode.min_length`, if there are any.
void warn_of_short(Log& log, int64_t below_minimum, int64_t outputs);

/// A file on the command line: `--output`, and the path as typed.
struct NamedFile {
  std::string option, path;
};
/// Throws unless the outputs can be written and are different files, none of them one of the inputs.
void check_outputs(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

/// Throws Error if writing to `out` has failed, unless its reader closed the pipe, which ends a command quietly.
void check_written(const std::ostream& out);

}  // namespace seq2seq::cli
