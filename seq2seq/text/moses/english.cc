#include "seq2seq/text/moses/characters.h"
#include "seq2seq/text/moses/language.h"
#include "seq2seq/text/moses/words.h"

namespace seq2seq::text::moses {
namespace {

bool neither_letter_nor_number(char32_t character) { return !is_letter(character) && !is_number(character); }
bool is_s(char32_t character) { return character == U's'; }

bool is_english_abbreviation(std::u32string_view word) {
  static const WordSet words{// before a name: address, office, church, law
                             U"Mr", U"Mrs", U"Ms", U"Messrs", U"Mme", U"Mlle", U"MR", U"MRS", U"MS", U"MM", U"Hr",
                             U"Dr", U"DR", U"Drs", U"Prof", U"Hon", U"Gov", U"Sen", U"Sens", U"Rep", U"Reps", U"Supt",
                             U"Insp", U"Asst", U"Rev", U"Msgr", U"St", U"Surg", U"Ord", U"Sr", U"Bart",
                             // ranks
                             U"Gen", U"Brig", U"Col", U"Maj", U"Capt", U"Lt", U"Sgt", U"Sfc", U"Cpl", U"Pfc", U"Pvt",
                             U"Adm", U"Cmdr", U"Comdr", U"Ens",
                             // months
                             U"Jan", U"Feb", U"Mar", U"Apr", U"Jun", U"Jul", U"Aug", U"Sep", U"Oct", U"Nov", U"Dec",
                             // firms and houses
                             U"Corp", U"Bros", U"Bldg", U"Hosp",
                             // other
                             U"Adj", U"Adv", U"Con", U"Op", U"Ph", U"Res", U"Rt", U"Nos", U"Nr", U"Rs", U"v", U"vs",
                             U"rev"};
  return is_initial(word) || words.contains(word);
}

bool is_english_abbreviation_before_number(std::u32string_view word) {
  return word == U"No" || word == U"Art" || word == U"pp";
}

}  // namespace

const Language& english() {
  static const Language language{
      .apostrophes = {{no_letter, no_letter, U'\'', U" ' "},
                      {neither_letter_nor_number, is_letter, U'\'', U" ' "},
                      {is_letter, no_letter, U'\'', U" ' "},
                      {is_letter, is_letter, U'\'', U" '"},  // don't: don 't
                      {is_number, is_s, U'\'', U" '"}},      // 1990's: 1990 's
      .is_abbreviation = is_english_abbreviation,
      .is_abbreviation_before_number = is_english_abbreviation_before_number,
      .joins_contraction_left = true,
      .joins_contraction_right = false,
      .blank_before_marks = false,
  };
  return language;
}

}  // namespace seq2seq::text::moses
