#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/data/corpus.h"

namespace seq2seq::test {

/// Returns a vocabulary of `words` words w3, w4, ...; the number is the id.
inline text::Vocabulary numbered_vocabulary(int64_t words) {
  std::vector<text::Vocabulary::Word> all;
  for (int64_t id = text::special_count; id < text::special_count + words; ++id)
    all.push_back({"w" + std::to_string(id), 1});
  return text::Vocabulary(std::move(all));
}

/// Returns a pipeline between two vocabularies of this form.
inline data::TextPipeline numbered_pipeline(const data::DataOptions& options, int64_t words = 20) {
  return {options, text::builtin_tokenizers(), numbered_vocabulary(words), numbered_vocabulary(words)};
}

/// Returns a corpus of ids; pairs are numbered from `first`.
inline data::Corpus corpus_of(const std::vector<std::vector<int64_t>>& sources,
                              const std::vector<std::vector<int64_t>>& targets, int64_t first = 0) {
  data::TokenStoreBuilder source, target, numbers;
  for (const auto& ids : sources) source.add(ids);
  for (const auto& ids : targets) target.add(ids);
  std::vector<int64_t> all(sources.size());
  std::iota(all.begin(), all.end(), first);
  numbers.add(all);
  return {.source = source.finish(), .target = target.finish(), .numbers = numbers.finish()};
}

}  // namespace seq2seq::test
