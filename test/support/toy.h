#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/log.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/train_run.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

using Symbols = std::vector<std::string>;

/// Function from a source to its target.
using Task = std::function<Symbols(Symbols)>;
Symbols copied(Symbols source);
Symbols turned(Symbols source);

/// All sequences of up to `longest` of the letters a, b, ..., in an order that depends only on the seed.
std::vector<Symbols> shuffled_sequences(int letters, int64_t longest, uint64_t seed);
std::string lines_of(const std::vector<Symbols>& sentences);
std::vector<std::string> lines_in(const std::string& text);

/// A small task in its own folder: its files, a configuration, and the output of a program.
class Toy {
 public:
  /// `held_out` of the sequences are for validation and test, the others for training.
  explicit Toy(const Task& task, int letters = 3, int64_t longest = 4, size_t held_out = 20);

  fs::path operator/(std::string_view name) const { return folder_ / name; }
  const fs::path& path() const { return folder_.path(); }
  const TemporaryFolder& folder() const { return folder_; }
  /// Trains a new run of this name with these `key=value`.
  train::Outcome train(const std::string& run, const std::vector<std::string>& set = {});
  train::Outcome train_from(const std::string& run, const std::string& init_from,
                            const std::vector<std::string>& set = {});
  train::Outcome resume(const std::string& run, const std::vector<std::string>& set = {},
                        const std::optional<std::string>& checkpoint = {});
  run::LoadedRun load(const std::string& run, const std::string& checkpoint = "last",
                      const std::vector<std::string>& set = {});
  std::string said() const { return messages_.str(); }
  void forget_said() { messages_.str(""); }

  run::Environment environment;

 private:
  TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_;
  run::Registries registries_;
};

/// Makes a run that was killed after its first measurement and before its first checkpoint. `train` trains it in the
/// folder `run` of the toy.
void kill_before_first_checkpoint(Toy& toy, const std::string& run, const std::function<void()>& train);

std::vector<config::Override> overrides(const std::vector<std::string>& set);
/// Returns the bytes of the weights and optimizer files of a checkpoint.
std::map<std::string, std::string> parameters_of(const fs::path& run, int64_t update);
/// Checks that 10 updates in one session and in two give the same parameters.
void check_exact_resume(Toy& toy, const std::vector<std::string>& set);
/// Returns the message that `call` throws; fails the test if it throws nothing.
template <class Exception, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace seq2seq::test
