#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "test/support/temporary_folder.h"

namespace seq2seq::test {

using Variables = std::map<std::string, std::string>;

/// Exit status of a process and its standard error.
struct Ended {
  int code = -1;  // 128 plus the signal if a signal ended it
  std::string said;
};

/// A program in a separate process.
class Process {
 public:
  Process(const std::filesystem::path& program, const std::vector<std::string>& words, const Variables& variables);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void send(int signal) const;
  /// Waits for the end. Kills the process after a minute, and then the test fails.
  Ended wait();
  bool runs() const;
  /// Returns the standard error so far.
  std::string said() const;

 private:
  TemporaryFolder folder_;
  pid_t id_ = -1;
};

/// Several processes that are to train together, on the loopback address.
class Ranks {
 public:
  /// `more[r]`: words and variables only for rank r.
  struct Own {
    std::vector<std::string> words;
    Variables variables;
  };
  Ranks(const std::filesystem::path& program, const std::vector<std::string>& words, int64_t ranks,
        const Variables& variables = {}, const std::map<int64_t, Own>& more = {});
  Process& operator[](std::size_t rank) { return *processes_[rank]; }
  std::vector<Ended> wait();

 private:
  std::vector<std::unique_ptr<Process>> processes_;
};

/// Returns an unused port.
std::string free_port();

/// Return the paths of the program `seq2seq` and of this test program.
std::filesystem::path program();
std::filesystem::path this_program();

/// Returns the standard error and exit codes of all, for a failed test.
std::string all_said(const std::vector<Ended>& ended);

}  // namespace seq2seq::test
