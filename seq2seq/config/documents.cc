#include "seq2seq/config/documents.h"

#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include "seq2seq/core/text.h"

namespace seq2seq::config {

namespace {

/// Records only where documents begin.
class Beginnings final : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> marks;

  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}
};

/// Returns the rest of the line from the mark on, or the first characters of it.
std::string text_at(const std::string& text, const YAML::Mark& mark) {
  const auto lines = split(text, '\n');
  const auto line = static_cast<size_t>(mark.line);
  if (line >= lines.size()) return {};
  const auto before = first_characters(lines[line], static_cast<size_t>(mark.column));
  return std::string(first_characters(lines[line].substr(before.size()), 12));
}

/// Returns the place where flow sections and lists become deeper than the library reads; null if indentation is too
/// deep.
YAML::Mark too_deep(const std::string& text) {
  constexpr int deepest = 32;
  YAML::Mark mark;
  int depth = 0;
  for (const char character : text) {
    depth += character == '[' || character == '{' ? 1 : character == ']' || character == '}' ? -1 : 0;
    if (depth > deepest) return mark;
    ++mark.pos;
    ++mark.column;
    if (character != '\n') continue;
    ++mark.line;
    mark.column = 0;
  }
  return YAML::Mark::null_mark();
}

Documents read_shallow(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Beginnings beginnings;
  while (beginnings.marks.size() < 2 && parser.HandleNextDocument(beginnings)) {
  }
  Documents documents;
  if (beginnings.marks.empty()) return documents;
  if (beginnings.marks.size() > 1) {
    documents.second = beginnings.marks[1];
    const auto found = text_at(text, *documents.second);
    if (!found.starts_with("---"))
      throw YAML::ParserException(*documents.second, fmt::format("{} is not expected here", quote(found)));
  }
  documents.first = YAML::Load(text);
  return documents;
}

}  // namespace

Documents read_documents(const std::string& text) {
  try {
    return read_shallow(text);
  } catch (const YAML::DeepRecursion&) {  // its message is "bad file"
    throw YAML::ParserException(too_deep(text), "sections and lists are nested too deeply");
  }
}

}  // namespace seq2seq::config
