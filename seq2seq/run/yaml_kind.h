#pragma once

#include <string>

namespace seq2seq::run {

/// The YAML files of this program: configuration of a run, study, machine for `plan`, placement.
enum class YamlKind { configuration, study, machine, placement, other };

/// Returns the kind of a file by the keys at its top, which may have faults.
YamlKind kind_of_yaml(const std::string& text);

}  // namespace seq2seq::run
