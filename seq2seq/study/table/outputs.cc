#include "seq2seq/study/table/outputs.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/text.h"
#include "seq2seq/study/table/grid.h"

namespace seq2seq::study {

namespace {

using Pieces = std::vector<std::string_view>;

Pieces words_of(std::string_view text) {
  Pieces words;
  for (const auto word : split(text, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

Pieces characters_of(std::string_view text) {
  Pieces characters;
  while (!text.empty()) {
    const size_t bytes = std::max<size_t>(character_bytes(text), 1);
    characters.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return characters;
}

/// Returns the lengths of the longest common subsequence of the pieces from i and from j on: [i * (reference.size() +
/// 1) + j].
std::vector<size_t> longest_in_common(const Pieces& output, const Pieces& reference) {
  const size_t width = reference.size() + 1;
  std::vector<size_t> longest((output.size() + 1) * width);
  for (size_t i = output.size(); i-- > 0;) {
    for (size_t j = reference.size(); j-- > 0;)
      longest[i * width + j] = output[i] == reference[j]
                                   ? longest[(i + 1) * width + j + 1] + 1
                                   : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
  }
  return longest;
}

/// Consecutive pieces of an output that are either all in the reference or all not. The latter may be empty: something
/// is missing.
struct Stretch {
  bool same = true;
  Pieces pieces{};
};

std::vector<Stretch> compare(const Pieces& output, const Pieces& reference) {
  const auto longest = longest_in_common(output, reference);
  const size_t width = reference.size() + 1;
  std::vector<Stretch> stretches;
  const auto last = [&stretches](bool same) -> Stretch& {
    if (stretches.empty() || stretches.back().same != same) stretches.push_back({.same = same});
    return stretches.back();
  };
  size_t i = 0, j = 0;
  while (i < output.size() || j < reference.size()) {
    if (i < output.size() && j < reference.size() && output[i] == reference[j]) {
      last(true).pieces.push_back(output[i]);
      ++i, ++j;
    } else if (i < output.size() &&
               (j == reference.size() || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      last(false).pieces.push_back(output[i++]);
    } else {
      last(false);
      ++j;
    }
  }
  return stretches;
}

/// Returns the output of a run for a sentence; empty if it is not among its examples.
std::string output_of(const Record& record, const Example& wanted) {
  const auto found = std::find_if(record.examples.begin(), record.examples.end(), [&wanted](const Example& example) {
    return example.source == wanted.source && example.reference == wanted.reference;
  });
  return found == record.examples.end() ? std::string() : found->output;
}

std::string cell(const char* tag, const std::string& html) { return fmt::format("<{0}>{1}</{0}>", tag, html); }

}  // namespace

std::string marked_output(const std::string& output, const std::string& reference) {
  auto pieces = words_of(output), others = words_of(reference);
  const bool by_word = pieces.size() > 1 || others.size() > 1;
  if (!by_word) pieces = characters_of(output), others = characters_of(reference);
  std::string html;
  for (const auto& stretch : compare(pieces, others)) {
    const auto text = escape_html(fmt::format("{}", fmt::join(stretch.pieces, by_word ? " " : "")));
    if (by_word && !html.empty()) html += ' ';
    html += stretch.same ? text : "<mark>" + (text.empty() ? "&nbsp;" : text) + "</mark>";
  }
  return html;
}

std::string outputs_side_by_side(const StudyTable& table) {
  std::string head = cell("th", "source") + cell("th", "target");
  std::vector<const Record*> records;
  for (const auto& line : table.lines) {
    if (line.records.empty()) continue;
    const auto* record = line.records.front().get();
    if (!records.empty() && record->identity.test.sha256 != records.front()->identity.test.sha256) continue;
    records.push_back(record);
    head += cell("th", escape_html(line.cell));
  }
  if (records.empty() || records.front()->examples.empty()) return {};
  std::string html =
      "<h2>Outputs of the first seed</h2>\n<p>Differences from the target are <mark>marked</mark>.</p>\n"
      "<div class=\"wide\"><table>\n<tr>" +
      head + "</tr>\n";
  for (const auto& example : records.front()->examples) {
    html += "<tr>" + cell("td", escape_html(example.source)) + cell("td", escape_html(example.reference));
    for (const auto* record : records)
      html += cell("td", marked_output(output_of(*record, example), example.reference));
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace seq2seq::study
