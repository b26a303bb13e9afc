#pragma once

#include <string>
#include <vector>

namespace seq2seq::study {

/// A table of texts as shown. The first column is aligned to the left, the others to the right.
struct Grid {
  std::string title;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // each as long as `head`
};

std::string to_text(const Grid& grid);
std::string to_markdown(const Grid& grid);
/// Writes LaTeX with the rules of the package booktabs.
std::string to_latex(const Grid& grid);
/// Writes a heading, and the table in a box of class `wide`, which scrolls separately.
std::string to_html(const Grid& grid);
/// Writes CSV (RFC 4180): a line of names, then one line per row, without the title.
std::string to_csv(const Grid& grid);

/// Escapes the characters that have a meaning in HTML.
std::string escape_html(const std::string& text);

}  // namespace seq2seq::study
