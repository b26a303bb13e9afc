#include <algorithm>

#include "seq2seq/text/moses/characters.h"
#include "seq2seq/text/moses/language.h"
#include "seq2seq/text/moses/words.h"

namespace seq2seq::text::moses {
namespace {

/// 1 to 99: German writes an ordinal number with a full stop.
bool is_ordinal(std::u32string_view word) {
  return !word.empty() && word.size() <= 2 && word[0] != U'0' &&
         std::all_of(word.begin(), word.end(), [](char32_t digit) { return digit >= U'0' && digit <= U'9'; });
}

/// I to XX, in capitals or small letters: Ludwig XIV.
bool is_roman_ordinal(std::u32string_view word) {
  static const WordSet numerals{U"I",  U"II",  U"III",  U"IV",  U"V",  U"VI",  U"VII",  U"VIII",  U"IX",  U"X",
                                U"XI", U"XII", U"XIII", U"XIV", U"XV", U"XVI", U"XVII", U"XVIII", U"XIX", U"XX",
                                U"i",  U"ii",  U"iii",  U"iv",  U"v",  U"vi",  U"vii",  U"viii",  U"ix",  U"x",
                                U"xi", U"xii", U"xiii", U"xiv", U"xv", U"xvi", U"xvii", U"xviii", U"xix", U"xx"};
  return numerals.contains(word);
}

bool is_german_abbreviation(std::u32string_view word) {
  static const WordSet words{// within a sentence
                             U"bzw", U"bzgl", U"ca", U"Ca", U"dergl", U"dgl", U"etc", U"evtl", U"ff", U"ggf", U"pp",
                             U"sog", U"sogen", U"spp", U"usf", U"usw", U"vgl", U"vs", U"zzt", U"Zt", U"jun", U"sen",
                             // amounts, law and trade
                             U"Mio", U"Mrd", U"Nr", U"No", U"Nos", U"Art", U"Buchst", U"MwSt", U"Std", U"Co", U"Corp",
                             U"Ltd", U"Bros", U"Bldg", U"Hosp", U"SA", U"BSE", U"Dkr",
                             // before a name
                             U"Dr", U"DR", U"Prof", U"Hon", U"St", U"Chr", U"Mr", U"Mrs", U"Ms", U"Messrs", U"Mme",
                             U"Mlle", U"MR", U"MRS", U"MS", U"MM", U"Gov", U"Sen", U"Sens", U"Rep", U"Reps", U"Supt",
                             U"Insp", U"Asst", U"Rev", U"Msgr", U"Surg", U"Ord", U"Sr", U"Bart",
                             // ranks
                             U"Gen", U"Brig", U"Col", U"Maj", U"Capt", U"Lt", U"Sgt", U"Sfc", U"Cpl", U"Pfc", U"Pvt",
                             U"Adm", U"Cmdr", U"Comdr", U"Ens",
                             // other
                             U"Adj", U"Adv", U"Con", U"Op", U"Ph", U"Res", U"Rt"};
  return is_initial(word) || is_small_letter(word) || is_ordinal(word) || is_roman_ordinal(word) ||
         words.contains(word);
}

bool is_german_abbreviation_before_number(std::u32string_view) { return false; }

}  // namespace

const Language& german() {
  static const Language language{
      .apostrophes = {{nullptr, nullptr, U'\'', U" ' "}},
      .is_abbreviation = is_german_abbreviation,
      .is_abbreviation_before_number = is_german_abbreviation_before_number,
      .joins_contraction_left = false,
      .joins_contraction_right = false,
      .blank_before_marks = false,
  };
  return language;
}

}  // namespace seq2seq::text::moses
