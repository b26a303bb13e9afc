#include "seq2seq/config/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::config {

namespace {

template <class T>
void read_number(std::string_view text, T& value) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);  // from_chars does not accept a plus
  std::from_chars(text.data(), text.data() + text.size(), value);
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// Returns true if YAML 1.1 or 1.2 may read the plain text as something other than a text, so that it needs quotes.
/// True if in doubt.
bool is_ambiguous(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (one_of(lower, {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})) return true;
  const char first = text[0];
  const bool starts_number = (first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.';
  return starts_number && lower.find_first_not_of("0123456789abcdefinox_+-.:") == std::string::npos;
}

bool is_plain(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '+' || c == '-';
  };
  return std::all_of(text.begin(), text.end(), plain) && text.rfind("--", 0) != 0 && text != "-" && !is_ambiguous(text);
}

}  // namespace

std::string to_yaml(bool value) { return value ? "true" : "false"; }
std::string to_yaml(int64_t value) { return std::to_string(value); }
std::string to_yaml(uint64_t value) { return std::to_string(value); }

std::string to_yaml(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-5 && size < 1e15);
  std::array<char, 64> digits{};
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr;
  std::string text(digits.data(), end);
  // Python's YAML reads 1e-08 as a text, because it requires a point.
  if (!fixed && text.find('.') == std::string::npos) text.insert(text.find('e'), ".0");
  return text;
}

std::string to_yaml(const std::string& value) {
  if (is_plain(value)) return value;
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      text += fmt::format("\\x{:02X}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string to_yaml(const std::filesystem::path& value) { return to_yaml(value.string()); }

std::string yaml_list(const std::vector<std::string>& items) { return fmt::format("[{}]", fmt::join(items, ", ")); }

void from_checked(const std::string& text, bool& value) { value = text == "true"; }
void from_checked(const std::string& text, int64_t& value) { read_number(text, value); }
void from_checked(const std::string& text, uint64_t& value) { read_number(text, value); }

void from_checked(const std::string& text, double& value) {
  if (text == ".inf" || text == "+.inf") {
    value = std::numeric_limits<double>::infinity();
  } else if (text == "-.inf") {
    value = -std::numeric_limits<double>::infinity();
  } else {
    read_number(text, value);
  }
}

void from_checked(const std::string& text, std::string& value) { value = text; }
void from_checked(const std::string& text, std::filesystem::path& value) { value = text; }

}  // namespace seq2seq::config
