#pragma once

#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"

namespace seq2seq::config {

/// The origin of a value.
struct Source {
  Place place{};
  int option = -1;  // number of the override; -1: the file
};

/// Collects the errors of a configuration, so that all of them are reported at once.
class Faults {
 public:
  void add(const Source& source, const std::string& problem, const std::string& remedy = {});
  size_t size() const { return faults_.size(); }
  /// Returns true if there are more errors than are reported: the search for others can stop.
  bool enough() const;
  /// Throws a UsageError with the first hundred errors, if there are any: first those of the file by line, then those
  /// of the options in the order typed.
  void throw_if_any();

 private:
  struct Fault {
    Source source;
    Error error;
  };
  std::vector<Fault> faults_;
};

/// A value as the user wrote it: YAML with places, before keys are known.
struct Given {
  enum class Kind { nothing, scalar, list, section };
  struct Entry;

  Kind kind = Kind::nothing;
  std::string text{};   // of a scalar
  bool quoted = false;  // a text between quotes is neither a number nor true or false
  std::vector<Given> items{};
  std::vector<Entry> entries;  // without `{}`, which would need a complete Entry here
  Source source{};
  bool cut_at_comma = false;  // `{rate: 0,001}`: YAML reads `rate: 0` and a key `001`; `text` has both parts
  bool faulty = false;        // incomplete: a duplicate key, or a value that cannot be read
};

struct Given::Entry {
  std::string name;
  Source source;
  Given value;
  std::optional<std::string> in_file{};  // the text that an override replaced
};

/// Reads one YAML document that is a mapping, or empty. Duplicate keys are errors. Returns no value if the text is not
/// YAML, which is an error, too.
std::optional<Given> parse_yaml(const std::string& text, const std::string& name, Faults& faults);

/// Applies the overrides to the values of the file; each replaces the value at its place.
void apply(const std::vector<Override>& overrides, Given& root, Faults& faults);

/// Returns a value as the user wrote it, for messages.
std::string describe(const Given& given);

}  // namespace seq2seq::config
