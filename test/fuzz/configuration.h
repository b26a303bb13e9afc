#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "test/fuzz/fuzz.h"

namespace seq2seq::fuzz {

/// Calls its argument with keys at their defaults.
using WithKeys = std::function<void(const std::function<void(config::Keys&)>&)>;

inline std::string resolved(const WithKeys& with_keys, const std::string& text,
                            const std::vector<config::Override>& overrides) {
  std::string written;
  with_keys([&](config::Keys& keys) {
    config::read_text(text, "run.yaml", "/configs", overrides, keys);
    written = config::write_yaml(keys);
  });
  return written;
}

/// Lines `#--set key=value`, comments to YAML, are given as on a command line.
inline std::vector<config::Override> overrides_in(std::string_view text) {
  constexpr std::string_view kSet = "#--set ";
  std::vector<config::Override> overrides;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with(kSet)) overrides.push_back(config::parse_override(std::string(line.substr(kSet.size()))));
  }
  return overrides;
}

/// A configuration is taken, and then written to what reads back to itself, or refused with lines that name the file or
/// the option as typed.
inline void read_configuration(const WithKeys& with_keys, const std::string& text) {
  try {
    const auto written = resolved(with_keys, text, overrides_in(text));
    require(resolved(with_keys, written, {}) == written, "what is written reads back to another");
  } catch (const UsageError& error) {
    if (text.find("#--set ") == std::string::npos) check_message(error.what(), "run.yaml");
  }
}

}  // namespace seq2seq::fuzz
