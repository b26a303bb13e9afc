#pragma once

#include <string_view>
#include <vector>

namespace seq2seq::text::moses {

/// A mark that is separated from its neighbours if both are in the given classes. A rule passes over the text once from
/// left to right; a neighbour that has matched cannot match again as the neighbour of another mark in the same pass:
/// Moses defines its rules as regular-expression substitutions, and the result depends on this.
struct Rule {
  using Class = bool (*)(char32_t);

  Class before, after;  // null: any or none
  char32_t mark;
  std::u32string_view replacement;
};

/// Differences between languages.
struct Language {
  std::vector<Rule> apostrophes;  // applied one after another
  /// Returns true for a word that always keeps its full stop. Words with a full stop inside do, too.
  bool (*is_abbreviation)(std::u32string_view word);
  /// Returns true for a word that keeps its full stop before a number.
  bool (*is_abbreviation_before_number)(std::u32string_view word);
  bool joins_contraction_left;   // English: it 's
  bool joins_contraction_right;  // French: l' eau
  bool blank_before_marks;       // French: a blank before ? ! : ; %
};

const Language& english();
const Language& french();
const Language& german();

}  // namespace seq2seq::text::moses
