#include "seq2seq/text/moses/characters.h"
#include "seq2seq/text/moses/language.h"
#include "seq2seq/text/moses/words.h"

namespace seq2seq::text::moses {
namespace {

bool is_french_abbreviation(std::u32string_view word) {
  static const WordSet words{// references and bibliography
                             U"cf", U"ex", U"fig", U"chap", U"art", U"sect", U"vol", U"fasc", U"pl", U"pp", U"sq",
                             U"sqq", U"suiv", U"ibid", U"id", U"al", U"sup", U"inf", U"suppl", U"ann", U"lib", U"éd",
                             U"dir", U"contr", U"n/réf", U"ms",
                             // grammar
                             U"masc", U"fém", U"sing", U"vb", U"fr",
                             // places, times and measures
                             U"av", U"apr", U"auj", U"boul", U"hab", U"env", U"ca", U"sec", U"tél",
                             // address
                             U"MM", U"SS",
                             // other
                             U"etc", U"vs"};
  // `a` and `à` are not abbreviations: they can end sentences.
  return is_initial(word) || (is_small_letter(word) && word != U"a") || words.contains(word);
}

bool is_french_abbreviation_before_number(std::u32string_view) { return false; }

}  // namespace

const Language& french() {
  static const Language language{
      .apostrophes = {{no_letter, no_letter, U'\'', U" ' "},
                      {no_letter, is_letter, U'\'', U" ' "},
                      {is_letter, no_letter, U'\'', U" ' "},
                      {is_letter, is_letter, U'\'', U"' "}},  // l'eau: l' eau
      .is_abbreviation = is_french_abbreviation,
      .is_abbreviation_before_number = is_french_abbreviation_before_number,
      .joins_contraction_left = false,
      .joins_contraction_right = true,
      .blank_before_marks = true,
  };
  return language;
}

}  // namespace seq2seq::text::moses
