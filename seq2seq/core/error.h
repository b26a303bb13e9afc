#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace seq2seq {

/// Where a fault was found. Whatever is unknown stays empty or 0; lines and columns count from 1.
struct Place {
  std::string file{};
  int64_t line = 0;
  int64_t column = 0;
  std::string part{};  // a tensor, a key, an option as typed: what is wrong inside the file
};

/// `file:line:column: part`, as much of it as is known; empty when nothing is.
std::string to_string(const Place& place);

/// Something the user can mend. `what()` is one line: place, what is wrong and what was expected, what to do.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& problem, const std::string& remedy = {}) : Error(Place{}, problem, remedy) {}
  Error(Place place, const std::string& problem, const std::string& remedy = {});
  const Place& place() const { return place_; }

 private:
  Place place_;
};

/// Faults of a command line or a configuration, all of them at once, one a line of `what()`. The program ends with 2.
class UsageError : public Error {
 public:
  using Error::Error;
  /// `faults` must not be empty.
  explicit UsageError(const std::vector<Error>& faults);
};

/// Tensors whose shapes do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A stored file that is damaged, or of a format version this program does not read.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// The user asked the program to stop (Ctrl-C, SIGTERM), and it has: what was done is kept. The program ends with 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace seq2seq
