#include <algorithm>
#include <utility>

#include "seq2seq/core/error.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/pair_reader.h"

namespace seq2seq::data {
namespace {

std::vector<int64_t> ids_of(const text::Vocabulary& vocabulary, const std::vector<std::string>& tokens) {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const auto& token : tokens) ids.push_back(vocabulary.id(token));
  return ids;
}

text::Vocabulary build(const text::VocabularyBuilder& words, const text::VocabularyOptions& options,
                       const std::filesystem::path& file) {
  auto vocabulary = words.build(options);
  if (vocabulary.words().empty()) {
    throw Error(Place{file.string(), 0, 0, {}}, "no word of it enters the vocabulary",
                "Lower `vocabulary.minimum_count`, or name another file");
  }
  return vocabulary;
}

}  // namespace

TextPipeline::TextPipeline(const DataOptions& options, const text::TokenizerRegistry& tokenizers,
                           text::Vocabulary source, text::Vocabulary target)
    : options_(options),
      source_tokenizer_(tokenizers.make(options.source.tokenizer)),
      target_tokenizer_(tokenizers.make(options.target.tokenizer)),
      source_vocabulary_(std::move(source)),
      target_vocabulary_(std::move(target)) {}

TextPipeline TextPipeline::from_training_text(const DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  const auto source_tokenizer = tokenizers.make(options.source.tokenizer);
  const auto target_tokenizer = tokenizers.make(options.target.tokenizer);
  PairReader reader(options.train, options.invalid_utf8, options.max_length, *source_tokenizer, *target_tokenizer);
  text::VocabularyBuilder source, target;
  for (PairReader::Pair pair; reader.next(pair);) {
    for (const auto& token : pair.source) source.add(token);
    for (const auto& token : pair.target) target.add(token);
  }
  return {options, tokenizers, build(source, options.source.vocabulary, options.train.source),
          build(target, options.target.vocabulary, options.train.target.front())};
}

std::vector<int64_t> TextPipeline::encoder_ids(std::vector<int64_t> ids) const {
  if (options_.source_end == SourceEnd::reversed) ids.push_back(text::end_id);
  if (options_.reverse == Reverse::source || options_.reverse == Reverse::both) std::reverse(ids.begin(), ids.end());
  if (options_.source_end == SourceEnd::after) ids.push_back(text::end_id);
  if (ids.empty()) ids.push_back(text::unknown_id);
  return ids;
}

std::vector<int64_t> TextPipeline::decoder_ids(std::vector<int64_t> ids) const {
  if (options_.reverse == Reverse::target || options_.reverse == Reverse::both) std::reverse(ids.begin(), ids.end());
  return ids;
}

std::vector<int64_t> TextPipeline::source_ids(const std::vector<std::string>& tokens) const {
  return ids_of(source_vocabulary_, tokens);
}

std::vector<int64_t> TextPipeline::target_ids(const std::vector<std::string>& tokens) const {
  return ids_of(target_vocabulary_, tokens);
}

std::vector<std::string> TextPipeline::target_words(const std::vector<int64_t>& ids) const {
  std::vector<std::string> words;
  words.reserve(ids.size());
  for (const int64_t id : ids) words.push_back(target_vocabulary_.word(id));
  return words;
}

}  // namespace seq2seq::data
