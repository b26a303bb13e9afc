#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace seq2seq::config {

/// Returns a value as YAML text that reads back to the same value: doubles in their shortest form, texts between quotes
/// if YAML needs them.
std::string to_yaml(bool value);
std::string to_yaml(int64_t value);
std::string to_yaml(uint64_t value);
std::string to_yaml(double value);
std::string to_yaml(const std::string& value);
std::string to_yaml(const std::filesystem::path& value);
std::string to_yaml(const char*) = delete;  // would be converted to bool

/// Returns `[a, b]` for items that are already YAML text.
std::string yaml_list(const std::vector<std::string>& items);

/// Returns the value of a text that has been checked.
void from_checked(const std::string& text, bool& value);
void from_checked(const std::string& text, int64_t& value);
void from_checked(const std::string& text, uint64_t& value);
void from_checked(const std::string& text, double& value);
void from_checked(const std::string& text, std::string& value);
void from_checked(const std::string& text, std::filesystem::path& value);

}  // namespace seq2seq::config
