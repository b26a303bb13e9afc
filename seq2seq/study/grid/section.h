#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/check.h"
#include "seq2seq/config/given.h"
#include "seq2seq/study/grid/spec.h"

namespace seq2seq::study {

/// A section of a study's file while it is read. Names that the reader never asks for are reported as unknown keys.
class SpecSection {
 public:
  /// `path`: for messages, `rows[2]`; empty at the top.
  SpecSection(const config::Given& given, std::string path, const std::filesystem::path& folder,
              config::Faults& faults);

  bool has(const std::string& name) const;
  std::optional<std::string> text(const std::string& name);
  std::string required_text(const std::string& name);
  std::optional<std::filesystem::path> path(const std::string& name);
  /// Distinct whole numbers of at least 0.
  std::optional<std::vector<uint64_t>> seeds(const std::string& name);
  std::vector<std::string> texts(const std::string& name);
  std::map<std::string, double> numbers(const std::string& name);
  /// Returns keys of a configuration, written as `a.b: value` or as nested sections.
  Settings settings(const std::string& name);
  /// Returns the value of the name, of any kind; null if it is missing.
  const config::Given* take(const std::string& name);
  /// Reports every name that was never asked for, with the nearest known name.
  void refuse_others();

  config::Source place_of(const std::string& name) const;
  std::string name_of(const std::string& name) const;
  void fault(const config::Source& source, const std::string& problem, const std::string& remedy = {});
  void missing(const std::string& name, const std::string& meaning);

 private:
  const config::Given::Entry* find(const std::string& name) const;
  std::vector<std::string> checked(const std::string& name, const config::Given& given, config::KeyType type,
                                   bool is_unsigned = false);

  const config::Given& given_;
  std::string path_;
  const std::filesystem::path& folder_;
  config::Faults& faults_;
  std::vector<std::string> asked_;
};

/// Return the settings of a section, or of one value for a key. `source`: place for messages. `folder`: start of
/// relative paths in them.
Settings settings_of(const config::Given& section, const std::filesystem::path& folder, config::Faults& faults);
config::Override setting(const std::string& key, const config::Given& value, const config::Source& source,
                         const std::filesystem::path& folder);

}  // namespace seq2seq::study
