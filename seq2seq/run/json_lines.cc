#include "seq2seq/run/json_lines.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/json.h"
#include "seq2seq/core/text.h"

namespace seq2seq::run {

namespace {

constexpr const char* remedy = R"(Write an object on each line: {"source": "a sentence"})";

/// Keys that `translate` writes.
constexpr std::array written{"output", "tokens",    "token_scores", "score",      "normalized_score",
                             "cut",    "alignment", "seconds",      "hypotheses", "error"};

/// Parses the line; sets `keys` to those of the outermost object, in order.
nlohmann::json parse(std::string_view line, std::vector<std::string>& keys, Place place) {
  const auto note_key = [&keys](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    if (depth == 1 && event == nlohmann::json::parse_event_t::key) keys.push_back(value.get<std::string>());
    return true;
  };
  try {
    return nlohmann::json::parse(line, note_key);
  } catch (const nlohmann::json::parse_error& error) {
    const auto reason = plain_reason(error.what());
    place.column = reason.column;
    throw Error(place, fmt::format("is not JSON: {}", reason.text), remedy);
  } catch (const nlohmann::json::out_of_range&) {
    throw Error(place, "has a number that is too large for this program", "Send it as a string");
  }
}

}  // namespace

std::string json_source(std::string_view line, const Place& place) {
  std::vector<std::string> keys;
  const auto object = parse(line, keys, place);
  if (!object.is_object()) throw Error(place, "is not a JSON object", remedy);
  std::set<std::string_view> seen;
  for (const auto& key : keys) {
    if (!seen.insert(key).second) throw Error(place, fmt::format("has the key {} twice", quote(key)), "Remove one");
    if (std::ranges::find(written, key) != written.end())
      throw Error(place, fmt::format("has the key {}, which the answer needs", quote(key)), "Rename it");
  }
  const auto source = object.find("source");
  if (source == object.end()) throw Error(place, "has no key `source`", remedy);
  if (!source->is_string()) throw Error(place, "has a `source` that is not a string", remedy);
  auto text = source->get<std::string>();
  if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
    throw Error(place, "has a line break or a NUL in `source`", "Send each sentence on a line of its own");
  return text;
}

std::string joined_objects(std::string_view line, std::string_view members) {
  const auto inside = line.substr(0, line.rfind('}'));
  const bool empty = inside.find_last_not_of(" \t") == inside.find('{');
  return fmt::format("{}{}{}", inside, empty ? "" : ", ", members.substr(members.find('{') + 1));
}

}  // namespace seq2seq::run
