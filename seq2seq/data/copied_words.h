#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seq2seq::data {

/// Ids of words in a model that copies words beyond the target's vocabulary (See et al. 2017, arXiv 1704.04368, section
/// 2.2; Gu et al. 2016). With S source and T target words in the vocabularies, specials included, ids continue after
/// both:
///
///     source ids: [0, S) its vocabulary; S + t: the target's word t, which the source's vocabulary does not have
///     target ids: [0, T) its vocabulary; T + s: the source's word s, which the target's vocabulary does not have
///     either side: S + T + n: the n-th word of the source sentence that is in neither vocabulary
struct ExtendedIds {
  int64_t source = 0, target = 0;  // S and T

  int64_t of_target_word(int64_t target_id) const { return source + target_id; }  // a source id
  int64_t of_source_word(int64_t source_id) const { return target + source_id; }  // a target id
  int64_t of_neither(int64_t number) const { return source + target + number; }   // an id of either side
};

/// The words of one source that its target may copy although they are not in the target's vocabulary.
class CopiedWords {
 public:
  /// `id`: id as a target word. Does nothing for a word that is already present.
  void add(const std::string& word, int64_t id);
  /// Returns the id as a target word, or that of the unknown word if the source does not have the word.
  int64_t id(std::string_view word) const;
  /// Returns the word with this id, or null.
  const std::string* word(int64_t id) const;

 private:
  std::vector<std::pair<std::string, int64_t>> words_;  // few, because they are of one sentence
};

}  // namespace seq2seq::data
