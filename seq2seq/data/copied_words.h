#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seq2seq::data {

/// How words are numbered where a model copies words that the target's vocabulary does not have (See et al. 2017, arXiv
/// 1704.04368, section 2.2; Gu et al. 2016). With S source and T target words in the vocabularies, specials included,
/// numbers go on behind both:
///
///     source ids: [0, S) its vocabulary; S + t: the target's word t, which the source's vocabulary does not have
///     target ids: [0, T) its vocabulary; T + s: the source's word s, which the target's vocabulary does not have
///     either side: S + T + n: the sentence's word n of those in neither vocabulary, in the order of the source
struct ExtendedIds {
  int64_t source = 0, target = 0;  // S and T

  int64_t of_target_word(int64_t target_id) const { return source + target_id; }  // a source id
  int64_t of_source_word(int64_t source_id) const { return target + source_id; }  // a target id
  int64_t of_neither(int64_t number) const { return source + target + number; }   // an id of either side
};

/// The words of one source that its target may copy although the target's vocabulary does not have them.
class CopiedWords {
 public:
  /// `id`: of a target's word. Does nothing for a word that is already there.
  void add(const std::string& word, int64_t id);
  /// Returns the id of a target's word, or that of the unknown word if the source does not have it.
  int64_t id(std::string_view word) const;
  /// Returns null for an id that no word here has.
  const std::string* word(int64_t id) const;

 private:
  std::vector<std::pair<std::string, int64_t>> words_;  // few: of one sentence
};

}  // namespace seq2seq::data
