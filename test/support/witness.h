#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <stdio.h>
#include <string>

#include <sys/wait.h>

namespace seq2seq::test {

/// Runs test/witness/SCRIPT on a folder, with another argument if it is not empty, by the Python of the repository's
/// environment, and returns its standard output. Returns nothing if a package is missing; then a test calls
/// `WARN("skipped: no witness PACKAGE")`.
inline std::optional<std::string> run_witness(const std::string& script, const std::filesystem::path& folder,
                                              const std::string& argument = "") {
  constexpr int kMissing = 77;  // exit status of test/witness/*.py
  if (!std::filesystem::exists(SEQ2SEQ_PYTHON)) return std::nullopt;
  const auto command =
      "'" SEQ2SEQ_PYTHON "' '" SEQ2SEQ_SOURCE_DIR "/test/witness/" + script + "' '" + folder.string() + "' " + argument;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  std::string output;
  std::array<char, 4096> buffer;
  for (std::size_t read = 0; (read = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), read);
  const int status = pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kMissing) return std::nullopt;
  if (status != 0) throw std::runtime_error(command + " failed");
  return output;
}

}  // namespace seq2seq::test
