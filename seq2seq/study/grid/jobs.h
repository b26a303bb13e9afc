#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace seq2seq::study {

/// How many runs are trained at a time, and with how many threads each. Never more threads in all than processors:
/// threads of several trainings that wait for each other at barriers make each many times slower.
struct Jobs {
  int64_t jobs = 1;
  int64_t threads = 1;  // of each
};

/// As many as there are processors, runs to do, and room in memory for; `peak_bytes` is what one run needed before, 0
/// if unknown. `asked` above 0 fixes the number.
Jobs fit_jobs(int64_t asked, int64_t processors, int64_t runs, int64_t peak_bytes, int64_t available_bytes);

/// Of the machine, as the system tells it; 0 where it does not.
int64_t available_memory();

/// Starts a program several times with the same words, and waits until all have ended, calling `tick` a few times a
/// second. A SIGINT or SIGTERM to this process is handed on to all as one SIGTERM, and they end with it if it is
/// killed. Returns what is wrong with each that ended with another status than 0 or 1, empty for the others.
std::vector<std::string> run_processes(const std::filesystem::path& program, const std::vector<std::string>& words,
                                       int64_t count, const std::function<void()>& tick);

}  // namespace seq2seq::study
