#include "seq2seq/study/table/grid.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "seq2seq/core/text.h"

namespace seq2seq::study {

namespace {

using Write = std::function<std::string(const std::string&)>;

std::string joined(const std::vector<std::string>& cells, const char* between, const Write& write) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : between) + write(cells[i]);
  return line;
}

std::string replaced(const std::string& text, const std::map<char, std::string>& replacements) {
  std::string result;
  for (const char character : text) {
    const auto found = replacements.find(character);
    result += found == replacements.end() ? std::string(1, character) : found->second;
  }
  return result;
}

/// Replaces a hyphen at the start of a number by a minus sign.
std::string with_minus_signs(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == ' ' || text[i - 1] == '[';
    const bool number = i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
    result += text[i] == '-' && begins && number ? "$-$" : std::string(1, text[i]);
  }
  return result;
}

std::string escape_latex(const std::string& text) {
  auto escaped = replaced(text, {{'\\', "\\textbackslash{}"},
                                 {'&', "\\&"},
                                 {'%', "\\%"},
                                 {'$', "\\$"},
                                 {'#', "\\#"},
                                 {'_', "\\_"},
                                 {'{', "\\{"},
                                 {'}', "\\}"},
                                 {'~', "\\textasciitilde{}"},
                                 {'^', "\\textasciicircum{}"},
                                 {'<', "$<$"},
                                 {'>', "$>$"}});
  replace_all(escaped, "±", "$\\pm$");
  return with_minus_signs(escaped);
}

std::string escape_csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  return '"' + replaced(text, {{'"', "\"\""}}) + '"';
}

std::string padded(const std::string& cell, size_t width, bool to_the_left) {
  const std::string space(width - std::min(width, count_characters(cell)), ' ');
  return to_the_left ? cell + space : space + cell;
}

}  // namespace

std::string escape_html(const std::string& text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}});
}

std::string to_text(const Grid& grid) {
  std::vector<size_t> widths(grid.head.size());
  const auto widen = [&widths](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], count_characters(cells[i]));
  };
  widen(grid.head);
  for (const auto& row : grid.rows) widen(row);
  const auto line = [&widths](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], i == 0);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
  };
  std::string text = grid.title + '\n' + line(grid.head);
  size_t whole = 2 * (widths.size() - 1);
  for (const size_t width : widths) whole += width;
  text += std::string(whole, '-') + '\n';
  for (const auto& row : grid.rows) text += line(row);
  return text;
}

std::string to_markdown(const Grid& grid) {
  const auto escape = [](const std::string& cell) { return replaced(cell, {{'|', "\\|"}, {'<', "&lt;"}}); };
  const auto line = [&escape](const std::vector<std::string>& cells) {
    return "| " + joined(cells, " | ", escape) + " |\n";
  };
  std::string text = "**" + grid.title + "**\n\n" + line(grid.head) + "|---|";
  for (size_t i = 1; i < grid.head.size(); ++i) text += "--:|";
  text += '\n';
  for (const auto& row : grid.rows) text += line(row);
  return text;
}

std::string to_latex(const Grid& grid) {
  const auto line = [](const std::vector<std::string>& cells) {
    return "  " + joined(cells, " & ", escape_latex) + " \\\\\n";
  };
  std::string text =
      fmt::format("% {}\n\\begin{{tabular}}{{l{}}}\n  \\toprule\n", grid.title, std::string(grid.head.size() - 1, 'r'));
  text += line(grid.head) + "  \\midrule\n";
  for (const auto& row : grid.rows) text += line(row);
  return text + "  \\bottomrule\n\\end{tabular}\n";
}

std::string to_html(const Grid& grid) {
  const auto line = [](const std::vector<std::string>& cells, const char* tag) {
    std::string row = "<tr>";
    for (const auto& cell : cells) row += fmt::format("<{0}>{1}</{0}>", tag, escape_html(cell));
    return row + "</tr>\n";
  };
  std::string text = "<h2>" + escape_html(grid.title) + "</h2>\n<div class=\"wide\"><table>\n" + line(grid.head, "th");
  for (const auto& row : grid.rows) text += line(row, "td");
  return text + "</table></div>\n";
}

std::string to_csv(const Grid& grid) {
  std::string text = joined(grid.head, ",", escape_csv) + "\r\n";
  for (const auto& row : grid.rows) text += joined(row, ",", escape_csv) + "\r\n";
  return text;
}

}  // namespace seq2seq::study
