#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace seq2seq {

/// The place of an error. Unknown fields stay empty or 0; lines and columns count from 1.
struct Place {
  std::string file{};
  int64_t line = 0;
  int64_t column = 0;
  std::string part{};  // part of the file that is wrong: a tensor, a key, an option as typed
};

/// Returns `file:line:column: part`, without unknown fields.
std::string to_string(const Place& place);

/// An error that the user can fix. `what()` is one line: place, problem, expected value, advice.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& problem, const std::string& remedy = {}) : Error(Place{}, problem, remedy) {}
  Error(Place place, const std::string& problem, const std::string& remedy = {});
  const Place& place() const { return place_; }

 private:
  Place place_;
};

/// All errors of a command line or a configuration, one per line of `what()`. The exit status is 2.
class UsageError : public Error {
 public:
  using Error::Error;
  /// `faults` must not be empty.
  explicit UsageError(const std::vector<Error>& faults);
};

/// Tensors with shapes that do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A stored file that is damaged, or of a format version that this program does not read.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// The user stopped the program (Ctrl-C, SIGTERM); finished work is kept. The exit status is 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace seq2seq
