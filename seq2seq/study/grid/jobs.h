#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace seq2seq::study {

/// The number of runs trained at the same time, and the threads of each. Their product is at most the number of
/// processors: with more threads, which wait for each other at barriers, trainings are many times slower.
struct Jobs {
  int64_t jobs = 1;
  int64_t threads = 1;  // of each
};

/// Returns as many jobs as processors, remaining runs and memory allow; `peak_bytes` is the memory of an earlier run, 0
/// if unknown. Without `available_bytes`, memory sets no limit. `asked` above 0 fixes the number.
Jobs fit_jobs(int64_t asked, int64_t processors, int64_t runs, int64_t peak_bytes,
              std::optional<int64_t> available_bytes);

/// Starts a program several times with the same words, and waits until all have ended; calls `tick` a few times a
/// second. A SIGINT or SIGTERM to this process is passed on to all as one SIGTERM, and they end if this process is
/// killed. Returns an error message for each that ended with a status other than 0 or 1, and otherwise an empty string.
std::vector<std::string> run_processes(const std::filesystem::path& program, const std::vector<std::string>& words,
                                       int64_t count, const std::function<void()>& tick);

}  // namespace seq2seq::study
