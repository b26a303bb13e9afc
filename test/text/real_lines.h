#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "test/support/random_text.h"

namespace seq2seq::test {

/// Lines of each language that are difficult for tokenizers, for a machine without the data sets.
inline std::vector<std::string> written_lines(const std::string& language) {
  if (language == "fr") {
    return {"L'été, à Besançon, j'aime l'eau d'Évian et l'« apéro » !",
            "Qu'est-ce que c'est ? dit-elle ; « rien… » (cf. p. 12, fig. 3, chap. 4).",
            "M. Dupont et MM. Durand, Mme. Petit, av. J.-C., etc. Fin.",
            "Il a dit : « aujourd'hui, c'est 1.234,56 € ou 12,5 % ». J'ai dit non.",
            "n'est-ce pas? 'oui', d'accord... l'un' l'autre 'l 'a' 1'b d'1 jusqu'à 20h30.",
            "Le fichier /etc/apt/sources.list, option -o Dir::State=$D; voir apt-get(8).",
            "S'il vous plaît: n'oubliez pas l'option «--help» d'apt-get.",
            "Rendez-vous le 3 févr. 2024 à 8 h 15, tél. 01.23.45.67.89, env. 5 km."};
  }
  if (language == "de") {
    return {"Größe: 10-20 cm, z.B. §4.1(a)/b; 1990-2000. 5-mal -3 a-b 3-",
            "Am 3. Oktober, dem 21. des Monats und am 100. Tag, d.h. bzw. usw. Das war's.",
            "Dr. Müller, Prof. Schmidt & Co. KG sowie Fa. Meier GmbH, ca. 3,5 Mio. Euro bzw. 1.000.000,00 EUR.",
            "Geht's? ‚Ja‘, „nein“, »vielleicht« und 'gar nicht', Hans' Hut, Ludwig XIV. und Karl V. kamen.",
            "Siehe Nr. 5, Art. 3 Abs. 2, S. 7 ff. Danach vgl. a. Kap. 9.",
            "Straßenbahn-Haltestelle, Ost-/Westseite; 50%ige Lösung, E-Mail: a.b@c.de",
            "Die Datei »/etc/apt/sources.list« (siehe apt-get(8)) ist leer."};
  }
  return {"Don't say it's Jones' or the 1990's \"thing\"; I'd've said 'tis 5'9\" o'clock.",
          "Mr. Smith, Dr. No. 5 and No. one, pp. 12, Art. 3; U.S.A. e.g. i.e. vs. A. Nobody. End.",
          "He said 'hello.' and left... then came ....back .. or ..., 'quoted.'",
          "$5.00 (US$ 3,50) = 1,000,000.00; ,5 5, 5,,5 ,,,5 a,b , c,1 1,c ½,5 Ⅷ,3",
          "See http://example.org/a_b?c=d&e=f#g or mail a.b@c-d.org, C:\\dir, and/or x|y [z] {w}.",
          "The end of a quote is 'here.'"};
}

/// Returns lines of the licences that every Debian and Ubuntu has.
inline std::vector<std::string> licence_lines() {
  std::vector<std::string> lines;
  for (const std::string name : {"GPL-3", "Apache-2.0", "Artistic", "LGPL-2.1"}) {
    std::ifstream file("/usr/share/common-licenses/" + name);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
  }
  return lines;
}

/// Returns up to `most` real lines of a language, spread evenly over data/debian-en-LANG if `scripts/data/debian-text`
/// made it, otherwise those of every machine; and the difficult ones above.
inline std::vector<std::string> lines_of_language(const std::string& language, std::size_t most) {
  const std::filesystem::path data = std::filesystem::path(SEQ2SEQ_SOURCE_DIR) / "data";
  const auto folder = data / (language == "de" ? "debian-en-de" : "debian-en-fr");
  std::vector<std::string> all;
  std::ifstream file(folder / ("train." + language), std::ios::binary);
  for (std::string line; std::getline(file, line);) all.push_back(line);
  if (all.empty()) all = licence_lines();
  std::vector<std::string> lines = written_lines(language);
  const std::size_t taken = std::min(most, all.size());
  for (std::size_t i = 0; i < taken; ++i) lines.push_back(all[i * all.size() / taken]);
  return lines;
}

/// Returns lines drawn from the characters that the rules of a tokenizer read.
inline std::vector<std::string> hard_lines(unsigned seed, int count) {
  std::vector<std::string> pieces{" ",      " ",      " ",      " ",    "\t",   "\u00A0", "\u2028",
                                  "\u0085", "\u200B", "\u0301", "\x1F", "\x01", "\x7F",   "क\u094D\u0937"};
  std::istringstream visible(
      ". . .. ... , , ' ' ' \" ` - -- ? ! : ; % ( ) [ ] { } < > & | / \\ @ # $ _ € £ ¿ « » „ “ ” ’ … — – "
      "a s Be été ß Ü l I II x я Ω ˈ ª º ⓐ ǆ 1 20 100 1990 ½ ² Ⅷ ٣ 你 好 。 テ 한 국 ｶ ก 😀 "
      "Mr. Dr. No. pp. etc. vs. z.B. cf. M. Nr. e.g. p.m. art. fig. Mio. usw. bzw. Jan. St. U.S. 3. 21. a. XX. xiv. "
      "don't l'eau d'1 5's s' it's 'tis &amp; &apos; &#91; @-@ http://a.b/c");
  for (std::string piece; visible >> piece;) pieces.push_back(piece);
  std::mt19937_64 random(seed);
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back(random_text(random, pieces, 1 + i % 25));
  return lines;
}

}  // namespace seq2seq::test
