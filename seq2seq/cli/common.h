#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "seq2seq/cli/command.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/core/log.h"
#include "seq2seq/study/load.h"
#include "seq2seq/study/session.h"

namespace seq2seq::cli {

/// Options of every command that computes: what is the command's business and not the configuration's.
struct CommonArguments {
  std::string device = "cpu", threads = "0";
  bool quiet = false;
  std::vector<std::string> set;

  void declare(Arguments& arguments, const std::string& what_set_means);
  Log log(const Context& context) const;
  /// Throws UsageError for a device that is not there or a number that is none.
  study::Session session(const Context& context, Log& log) const;
  std::vector<config::Override> overrides() const;
};

/// An option that stands for a key: its value is checked as the key's, and messages show the option as typed. Throws
/// UsageError when the key is set by `--set` as well.
void add_override(std::vector<config::Override>& overrides, const std::string& option, const std::string& key,
                  const std::optional<std::string>& value);

/// Options of the commands that use a trained run.
struct RunArguments {
  std::string folder, checkpoint = "best";
  std::optional<std::string> beam;
  CommonArguments common;

  void declare(Arguments& arguments, bool searches);
  study::LoadedRun load(const study::Session& session, std::vector<config::Override> more = {}) const;
};

/// Whole or not at all, unless `file` is a device or a pipe.
void write_output(const std::filesystem::path& file, const std::string& text);

/// Throws Error when writing to `out` has failed, but not when its reader has gone: that ends a command quietly.
void check_written(const std::ostream& out);

}  // namespace seq2seq::cli
