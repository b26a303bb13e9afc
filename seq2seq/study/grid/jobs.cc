#include "seq2seq/study/grid/jobs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"

namespace seq2seq::study {

namespace {

constexpr int64_t usual_bytes = int64_t{1} << 31;  // of a run, if no similar run is known
constexpr int cannot_start = 127;

/// Runs between fork and exec; calls only functions that are safe in a copy of a process with several threads.
[[noreturn]] void become(const std::filesystem::path& program, std::vector<char*>& words, pid_t parent) {
  ::setpgid(0, 0);  // Ctrl-C on the terminal goes to the parent, which passes it on once
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(cannot_start);
  ::execv(program.c_str(), words.data());
  ::_exit(cannot_start);
}

pid_t start_process(const std::filesystem::path& program, const std::vector<std::string>& words) {
  std::vector<char*> pointers{const_cast<char*>(program.c_str())};                     // NOLINT: execv changes nothing
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) become(program, pointers, parent);
  if (child < 0) throw Error(fmt::format("cannot start another process: {}", std::strerror(errno)));
  return child;
}

/// Returns an error message for the exit status of a worker, or an empty string.
std::string fault_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("a worker was killed by signal {}", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  constexpr int interrupted_code = 130;
  if (code == 0 || code == 1 || code == interrupted_code) return {};
  return code == cannot_start ? "a worker could not be started" : fmt::format("a worker ended with status {}", code);
}

}  // namespace

Jobs fit_jobs(int64_t asked, int64_t processors, int64_t runs, int64_t peak_bytes,
              std::optional<int64_t> available_bytes) {
  int64_t jobs = asked;
  if (asked <= 0) {
    const int64_t bytes = peak_bytes > 0 ? peak_bytes : usual_bytes;
    const int64_t room = available_bytes ? std::max<int64_t>(1, *available_bytes / bytes) : processors;
    jobs = std::min(processors, room);
  }
  jobs = std::clamp<int64_t>(std::min(jobs, runs), 1, std::max<int64_t>(1, runs));
  return {.jobs = jobs, .threads = std::max<int64_t>(1, processors / jobs)};
}

std::vector<std::string> run_processes(const std::filesystem::path& program, const std::vector<std::string>& words,
                                       int64_t count, const std::function<void()>& tick) {
  constexpr std::chrono::milliseconds between{200};
  std::vector<pid_t> running;
  std::vector<std::string> faults;
  try {
    for (int64_t i = 0; i < count; ++i) running.push_back(start_process(program, words));
  } catch (const Error&) {  // too few processes or too little memory: those that started save their work
    for (const pid_t process : running) ::kill(process, SIGTERM);
    for (const pid_t process : running) ::waitpid(process, nullptr, 0);
    throw;
  }
  for (bool passed_on = false; !running.empty();) {
    if (interrupted() && !passed_on) {
      for (const pid_t process : running) ::kill(process, SIGTERM);
      passed_on = true;
    }
    std::erase_if(running, [&faults](pid_t process) {
      int status = 0;
      const pid_t ended = ::waitpid(process, &status, WNOHANG);
      if (ended == 0 || (ended < 0 && errno == EINTR)) return false;
      faults.push_back(ended == process ? fault_of(status)
                                        : "a worker ended with an unknown status, because SIGCHLD is ignored");
      return true;
    });
    tick();
    std::this_thread::sleep_for(between);
  }
  return faults;
}

}  // namespace seq2seq::study
