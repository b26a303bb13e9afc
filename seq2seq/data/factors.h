#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/source_form.h"
#include "seq2seq/text/factors.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Throws Error for a token of a line, between blanks, that is not a word with a value for each factor. The line is at
/// `place`; the message adds the column. Separators of parts have no factors.
void check_factors(std::string_view line, const SourceForm& form, Place place);

/// Counts words of a source and values of its factors. Without factors, a token is a word. Does not count separators of
/// parts.
class FactorCounter {
 public:
  explicit FactorCounter(const SourceForm& form) : form_(form), values_(static_cast<std::size_t>(form.factors)) {}
  void add(std::string_view token, int64_t count = 1);
  text::VocabularyBuilder& words() { return words_; }
  /// Returns a vocabulary of all values for each factor.
  std::vector<text::Vocabulary> vocabularies() const;

 private:
  SourceForm form_;
  text::VocabularyBuilder words_;
  std::vector<text::VocabularyBuilder> values_;
};

/// The vocabularies of a source: of its words, and of each factor (Sennrich and Haddow 2016, arXiv 1606.02892). With W
/// words and F1, F2, ... values, specials included, the id of a token is word + W * (value 1 + F1 * (value 2 + ...)),
/// so ids below W are words with only unknown values, such as tags and the end symbol. A separator of parts has the id
/// of the end symbol, because it ends a sentence.
class SourceVocabulary {
 public:
  /// Throws Error if ids would need more than the four bytes in which text is stored.
  SourceVocabulary(text::Vocabulary words, std::vector<text::Vocabulary> factors = {}, int64_t parts = 1);

  const text::Vocabulary& words() const { return words_; }
  const std::vector<text::Vocabulary>& factors() const { return factors_; }
  /// The size of each factor's vocabulary, specials included.
  std::vector<int64_t> factor_sizes() const;
  /// Returns the number of different ids: W without factors.
  int64_t ids() const { return ids_; }
  int64_t id(std::string_view token) const;
  /// The word's id in words().
  int64_t word(int64_t id) const { return factors_.empty() ? id : id % words_.size(); }
  /// Returns the token of an id: the word, with its values if it has factors.
  std::string token(int64_t id) const;

 private:
  text::Vocabulary words_;
  std::vector<text::Vocabulary> factors_;
  SourceForm form_;
  int64_t ids_;
};

}  // namespace seq2seq::data
