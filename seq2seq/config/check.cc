#include "seq2seq/config/check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/config/scalar.h"
#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

template <class T>
std::errc parse(std::string_view text, T& value, int base = 10) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  std::from_chars_result result{};
  if constexpr (std::is_floating_point_v<T>) {
    result = std::from_chars(text.data(), text.data() + text.size(), value);
  } else {
    result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  }
  return result.ptr == text.data() + text.size() ? result.ec : std::errc::invalid_argument;
}

std::string decimal(std::string_view text, std::string_view digits, int base) {
  uint64_t value = 0;
  const std::string sign = text[0] == '-' ? "-" : "";
  return parse(digits, value, base) == std::errc() ? "write " + sign + std::to_string(value) : "write it in decimal";
}

/// `[-+]? digits [. digits] [e [-+]? digits]`; digits may be missing on one side of the point; no leading zero.
bool is_decimal_number(std::string_view text) {
  const std::string_view body = without_sign(text);
  const size_t exponent = body.find_first_of("eE");
  const std::string_view mantissa = body.substr(0, exponent);
  if (exponent != std::string_view::npos && !all_digits(without_sign(body.substr(exponent + 1)))) return false;
  const size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? std::string_view() : mantissa.substr(point + 1);
  if (whole.size() > 1 && whole[0] == '0') return false;
  return (all_digits(whole) || (whole.empty() && !part.empty())) && (part.empty() || all_digits(part));
}

/// Returns advice for `0,001` with a decimal comma, `1,000` with commas between thousands, or either. Empty for another
/// text.
std::string with_comma(const std::string& text, bool fraction) {
  const auto groups = split(without_sign(text), ',');
  const auto is_group = [](std::string_view group) { return group.size() == 3 && all_digits(group); };
  const bool thousands = groups.size() > 1 && all_digits(groups[0]) && groups[0].size() <= 3 && groups[0][0] != '0' &&
                         std::all_of(groups.begin() + 1, groups.end(), is_group);
  std::string joined = text, pointed = text;
  joined.erase(std::remove(joined.begin(), joined.end(), ','), joined.end());
  std::replace(pointed.begin(), pointed.end(), ',', '.');
  const bool decimal = fraction && is_decimal_number(pointed);
  if (thousands && decimal)
    return fmt::format(": use a point, {}, or write {} if the comma groups digits", pointed, joined);
  if (thousands) return ": write " + joined;
  return decimal ? fmt::format(": use a point, {}", pointed) : "";
}

/// Returns advice for numbers in notations that YAML 1.1 and 1.2 read differently, or that only one of them accepts.
std::string foreign_notation(const std::string& text, bool fraction) {
  if (text.find(',') != std::string::npos) return with_comma(text, fraction);
  const std::string_view body = without_sign(text);
  const std::string_view rest = body.substr(std::min<size_t>(2, body.size()));
  if (body.rfind("0x", 0) == 0 || body.rfind("0X", 0) == 0) return ", which is hexadecimal: " + decimal(text, rest, 16);
  if (body.rfind("0o", 0) == 0 || body.rfind("0O", 0) == 0) return ", which is octal: " + decimal(text, rest, 8);
  if (body.rfind("0b", 0) == 0 || body.rfind("0B", 0) == 0) return ", which is binary: " + decimal(text, rest, 2);
  if (body.size() > 1 && body[0] == '0' && all_digits(body)) {
    const std::string written = decimal(text, body, 10);
    const bool octal = body.find_first_of("89") == std::string_view::npos;
    return octal ? fmt::format(", which could be octal: {}, or {} if it is octal", written,
                               decimal(text, body, 8).substr(6))
                 : ", with a leading zero: " + written;
  }
  if (body.find('_') != std::string_view::npos) {
    std::string digits = text;
    digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
    if (all_digits(without_sign(digits))) return ": write " + digits;
  }
  return {};
}

bool is_infinity(std::string_view text) { return without_sign(text) == ".inf"; }

/// Returns `out_of_range` as a separate error, because the text is a number.
std::errc number_of(const KeyFacts& facts, const std::string& text, double& value) {
  if (facts.type == KeyType::number || facts.type == KeyType::list_of_numbers) {
    if (is_infinity(text)) return from_checked(text, value), std::errc();
    return is_decimal_number(text) ? parse(text, value) : std::errc::invalid_argument;
  }
  const std::string_view body = without_sign(text);
  if (!all_digits(body) || (body.size() > 1 && body[0] == '0')) return std::errc::invalid_argument;
  if (facts.is_unsigned) {
    uint64_t whole = 0;
    const auto fault = text[0] == '-' ? std::errc::result_out_of_range : parse(text, whole);
    return value = static_cast<double>(whole), fault;
  }
  int64_t whole = 0;
  const auto fault = parse(text, whole);
  return value = static_cast<double>(whole), fault;
}

bool within_bounds(const KeyFacts& facts, double value, bool infinite) {
  const auto lets_infinity_pass = [](const std::optional<double>& bound) { return bound && std::isinf(*bound); };
  if (infinite && !lets_infinity_pass(value > 0 ? facts.at_most : facts.at_least)) return false;
  return !(facts.at_least && value < *facts.at_least) && !(facts.at_most && value > *facts.at_most) &&
         !(facts.above && value <= *facts.above) && !(facts.below && value >= *facts.below);
}

Checked wrong(const KeyFacts& facts, const Given& given, const std::string& addition = {}) {
  return {.problem = fmt::format("expected {}, found {}{}", expectation(facts), describe(given), addition)};
}

Checked check_number(const KeyFacts& facts, const Given& given) {
  double value = 0;
  const std::string& text = given.text;
  if (given.quoted) return wrong(facts, given, ", a quoted string: remove the quotes");
  const auto fault = number_of(facts, text, value);
  if (fault == std::errc::result_out_of_range) return wrong(facts, given, ", which is out of range");
  if (fault != std::errc()) {
    std::string addition = foreign_notation(text, facts.type != KeyType::integer);
    // Accepts a whole number in another notation: 1e3, 5.0.
    if (addition.empty() && facts.type == KeyType::integer && is_decimal_number(text) &&
        parse(text, value) == std::errc() && std::abs(value) < 1e15 && value == std::floor(value)) {
      addition = fmt::format(": write {}", static_cast<int64_t>(value));
    }
    return wrong(facts, given, addition);
  }
  if (!within_bounds(facts, value, is_infinity(text))) return wrong(facts, given);
  return {.texts = {text}};
}

Checked check_text(const KeyFacts& facts, const Given& given) {
  const auto& known = facts.one_of;
  if (known.empty() || std::find(known.begin(), known.end(), given.text) != known.end()) return {.texts = {given.text}};
  auto checked = wrong(facts, given);
  checked.nearest = nearest(given.text, known);
  return checked;
}

/// An empty path stays empty: it means none.
Checked check_path(const Given& given, const BaseFolder& base) {
  if (given.text.empty()) return {.texts = {""}};
  const auto path = (base.path / given.text).lexically_normal();
  if (const auto fault = find_text_fault(path.string()))
    return {.problem = fmt::format("{}: {}; rename the folder or file", quote(path.string()), fault->problem)};
  std::error_code absent;
  if (!base.former.empty() && !std::filesystem::exists(path, absent)) {
    const auto moved = (base.path / path.lexically_relative(base.former)).lexically_normal();
    if (std::filesystem::exists(moved, absent)) return {.texts = {moved.string()}};
  }
  return {.texts = {path.string()}};
}

Checked check_scalar(const KeyFacts& facts, const Given& given, const BaseFolder& base) {
  if (given.cut_at_comma && facts.type != KeyType::integer && facts.type != KeyType::number) {
    return wrong(facts, given, ": a comma ends a value in braces, so quote it");
  }
  if (given.kind != Given::Kind::scalar) {
    const bool wants_text = facts.type != KeyType::boolean && facts.type != KeyType::integer &&
                            facts.type != KeyType::number && facts.type != KeyType::list_of_numbers;
    const bool nothing = given.kind == Given::Kind::nothing && wants_text && facts.one_of.empty();
    return wrong(facts, given, nothing ? R"(: write `""` for an empty string, `"null"` for the word)" : "");
  }
  switch (facts.type) {
    case KeyType::boolean:
      if (given.quoted || (given.text != "true" && given.text != "false")) return wrong(facts, given);
      return {.texts = {given.text}};
    case KeyType::integer:
    case KeyType::number:
    case KeyType::list_of_numbers:
      return check_number(facts, given);
    case KeyType::path:
    case KeyType::list_of_paths:
      return check_path(given, base);
    case KeyType::text:
    case KeyType::list_of_text:
      return check_text(facts, given);
  }
  return {};
}

std::string bounds(const KeyFacts& facts) {
  std::vector<std::string> parts;
  if (facts.at_least && !std::isinf(*facts.at_least)) parts.push_back("of at least " + to_yaml(*facts.at_least));
  if (facts.above) parts.push_back("above " + to_yaml(*facts.above));
  if (facts.at_most && !std::isinf(*facts.at_most)) parts.push_back("at most " + to_yaml(*facts.at_most));
  if (facts.below) parts.push_back("below " + to_yaml(*facts.below));
  if (facts.is_unsigned && parts.empty()) parts.emplace_back("of at least 0");
  return parts.empty() ? "" : fmt::format(" {}", fmt::join(parts, " and "));
}

std::string choice_of(const KeyFacts& facts) {
  if (facts.one_of.size() == 1) return fmt::format("`{}`", facts.one_of.front());
  return fmt::format("one of `{}`", fmt::join(facts.one_of, "`, `"));
}

std::string plain_expectation(const KeyFacts& facts) {
  switch (facts.type) {
    case KeyType::boolean:
      return "`true` or `false`";
    case KeyType::integer:
      return "a whole number" + bounds(facts);
    case KeyType::number:
      return "a number" + bounds(facts);
    case KeyType::text:
      return facts.one_of.empty() ? "a string" : choice_of(facts);
    case KeyType::path:
      return "a path";
    case KeyType::list_of_numbers:
      return "a number" + bounds(facts) + ", or a list of numbers, as in `[a, b]`";
    case KeyType::list_of_text:
      return (facts.one_of.empty() ? "a string" : choice_of(facts)) + ", or a list, as in `[a, b]`";
    case KeyType::list_of_paths:
      return "a path, or a list, as in `[a, b]`";
  }
  return {};
}

}  // namespace

std::string expectation(const KeyFacts& facts) {
  std::string text = plain_expectation(facts);
  if (!facts.unit.empty()) text += fmt::format(" ({})", facts.unit);
  return facts.optional ? text + " or `null`" : text;
}

Checked check(const KeyFacts& facts, const Given& given, const BaseFolder& base) {
  if (facts.optional && given.kind == Given::Kind::nothing) return {};
  const bool list = facts.type == KeyType::list_of_numbers || facts.type == KeyType::list_of_text ||
                    facts.type == KeyType::list_of_paths;
  if (!list || given.kind == Given::Kind::scalar) {
    Checked checked = check_scalar(facts, given, base);
    const bool empty = checked.problem.empty() && checked.texts.front().empty();
    return facts.required && empty ? Checked{.problem = "must not be empty"} : checked;
  }
  if (given.kind != Given::Kind::list) return wrong(facts, given);
  Checked all;
  for (const auto& item : given.items) {
    Checked checked = check_scalar(facts, item, base);
    if (!checked.problem.empty()) return checked;
    all.texts.push_back(std::move(checked.texts.front()));
  }
  return facts.required && all.texts.empty() ? Checked{.problem = "must not be empty"} : all;
}

}  // namespace seq2seq::config
