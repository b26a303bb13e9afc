#pragma once

#include <functional>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"

namespace seq2seq::config {

/// Writes all keys with their current values, as YAML that reads back to the same: the `config.yaml` of a run folder.
std::string write_yaml(const Keys& keys);

/// Returns the keys that can change a result, one `path=value` per line, sorted. For a file declared with
/// `Keys::add_file`, the value is the SHA-256 of its content. A kind of version 2 or later adds the line
/// `train.schedule.kind.version=2`. Throws Error if such a file cannot be read.
std::string result_text(const Keys& keys);

/// One of the lines above, with its key.
struct DigestLine {
  std::string key;   // the whole path
  std::string text;  // with a line feed
};
/// Selects keys, with the versions of their kinds; an empty function selects all.
using SelectKeys = std::function<bool(const std::string& key)>;

/// Returns the lines above that a run's digest includes: those of keys that differ from their default, so that a new
/// key does not change existing digests. (A change of a default requires a change of `numerics`.) Reads each file once.
std::vector<DigestLine> digest_lines(const Keys& keys, const SelectKeys& selects = {});
/// Returns the text of the selected lines.
std::string digest_text(const std::vector<DigestLine>& lines, const SelectKeys& selects = {});
std::string digest_text(const Keys& keys, const SelectKeys& selects = {});

/// A key with its current value. Paths are absolute.
struct Value {
  std::string key;   // the whole path, `train.batch.sentences`
  std::string text;  // YAML
  KeyType type;
};
/// Returns all keys in order of declaration; for choices, the keys of the chosen kind.
std::vector<Value> values(const Keys& keys);

struct Change {
  std::string key;  // the whole path
  std::string before, after;
  OnResume on_resume;
};

/// Returns the keys with different values, in order of declaration; a key that only one side has, because another kind
/// was selected, is `(absent)` on the other.
std::vector<Change> compare(const Keys& before, const Keys& after);

/// Visits every key with its whole path, including keys of all kinds, in the order of the reference. A key that several
/// kinds have is visited once for each.
void visit_known_keys(const Keys& keys, const std::function<void(const std::string& path, const KeyFacts&)>& visit);

/// Describes every key below `section` (empty: all) with type, default, unit, range and meaning, for people. Throws
/// UsageError for an unknown section, with the nearest name.
std::string reference(const Keys& keys, const std::string& section = {});

}  // namespace seq2seq::config
