#include <algorithm>
#include <cstddef>
#include <utility>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::text {

void declare(config::Keys& keys, VocabularyOptions& options) {
  keys.add("size", options.size, "number of most frequent words to keep, without the special symbols; 0: all")
      .unit("words")
      .at_least(0)
      .at_most(1e9);
  keys.add("minimum_count", options.minimum_count, "words that occur less often in the training text become <unk>")
      .unit("occurrences")
      .at_least(1);
  keys.add_file("file", options.file,
                "existing vocabulary file (format: docs/formats.md); `size` and `minimum_count` then do not apply");
  keys.rule("file", [&options] {
    const bool counts = options.size > 0 || options.minimum_count > 1;
    return !options.file.empty() && counts ? "cannot be combined with `size` and `minimum_count`" : "";
  });
}

void VocabularyBuilder::add(const VocabularyBuilder& other) {
  for (const auto& [word, count] : other.counts_) add(word, count);
}

Vocabulary VocabularyBuilder::build(const VocabularyOptions& options) const {
  std::vector<Vocabulary::Word> words;
  words.reserve(counts_.size());
  for (const auto& [word, count] : counts_) {
    if (count >= options.minimum_count && !is_special(word)) words.push_back({word, count});
  }
  std::sort(words.begin(), words.end(),
            [](const auto& a, const auto& b) { return a.count != b.count ? a.count > b.count : a.text < b.text; });
  if (options.size > 0 && words.size() > static_cast<std::size_t>(options.size)) {
    words.resize(static_cast<std::size_t>(options.size));
  }
  return Vocabulary(std::move(words));
}

}  // namespace seq2seq::text
