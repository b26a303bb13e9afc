#pragma once

#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/metrics/words.h"

namespace seq2seq::test {

/// Returns lines of the licences that every Debian and Ubuntu has, without those that have no word, and some difficult
/// lines for tokenizers, also in other languages.
inline std::vector<std::string> real_lines() {
  std::vector<std::string> lines{
      "L'été, à Besançon : 1,5 % de hausse — soit 3.250,75 € (env.) !",
      "« Qu'est-ce que c'est ? », dit-elle; « rien… »",
      "Größe: 10-20 cm, z.B. §4.1(a)/b; 1990-2000. 5-mal -3 a-b 3-",
      "¿Dónde está? ¡Aquí! № 5, 2.5, .5, 5., ,5 1.000.000,00",
      "你好，世界。 これは テスト です。 2018年3月-4月.",
      "AT&amp;T &lt;b&gt;&quot;quoted&quot;&lt;/b&gt; <skipped> a &amp;lt; b",
      "no\u00A0break\u2009thin\u3000wide\u2028line\u0085next\x1Funit",
      "{a}[b]^c_d`e|f~g \\ @ # $ % & ' ( ) * + / : ; < = > ?",
      "..., ,,, .,., -- --- 1-2-3 4--5 e.g. U.S.A. x.y,z",
  };
  for (const std::string name : {"GPL-3", "Apache-2.0", "Artistic", "LGPL-2.1"}) {
    std::ifstream file("/usr/share/common-licenses/" + name);
    for (std::string line; std::getline(file, line);) {
      if (!metrics::split_words(line).empty()) lines.push_back(line);
    }
  }
  return lines;
}

/// Returns the words of the line, separated by single spaces.
inline std::string joined_words(const std::string& line) {
  std::string result;
  for (const auto& word : metrics::split_words(line)) result += (result.empty() ? "" : " ") + word;
  return result;
}

/// Returns the line with one word in eight removed, doubled or replaced, and sometimes two swapped.
inline std::string perturbed(const std::string& line, std::mt19937_64& random) {
  std::string result;
  auto words = metrics::split_words(line);
  if (words.size() > 3 && random() % 4 == 0) std::swap(words[1], words[2]);
  for (const auto& word : words) {
    const auto fate = random() % 24;
    if (fate == 0) continue;
    if (!result.empty()) result += ' ';
    result += fate == 1 ? word + " " + word : fate == 2 ? "other" : word;
  }
  return result;
}

/// Joins lines, each with a line feed.
inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace seq2seq::test
