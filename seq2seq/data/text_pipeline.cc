#include "seq2seq/data/text_pipeline.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/clean/pair_reader.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::data {
namespace {

std::vector<std::string> words_behind(const text::Vocabulary& vocabulary, const std::vector<int64_t>& ids,
                                      const CopiedWords& copied) {
  std::vector<std::string> words;
  words.reserve(ids.size());
  for (const int64_t id : ids) {
    const auto* beyond = id < vocabulary.size() ? nullptr : copied.word(id);
    words.push_back(beyond != nullptr ? *beyond : vocabulary.word(id < vocabulary.size() ? id : text::unknown_id));
  }
  return words;
}

std::vector<int64_t> ids_of(const text::Vocabulary& vocabulary, const std::vector<std::string>& tokens) {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const auto& token : tokens) ids.push_back(vocabulary.id(token));
  return ids;
}

text::Vocabulary vocabulary_of(const text::VocabularyOptions& options, const char* side,
                               std::initializer_list<const TextPipeline::Count*> counts) {
  if (!options.file.empty()) return text::Vocabulary::load(options.file);
  text::VocabularyBuilder words;
  for (const auto* count : counts) (*count)(words);
  auto vocabulary = words.build(options);
  if (vocabulary.words().empty()) {
    throw Error(fmt::format("the vocabulary of {} of `data.train` would have no words", side),
                "Lower `vocabulary.minimum_count`, or use other text");
  }
  return vocabulary;
}

/// Returns a side's items in the order in which an encoder reads them, with `end` where the options want the end
/// symbol, or `only` if there are no items. Empty for a language model.
std::vector<int64_t> as_read(std::vector<int64_t> items, const DataOptions& options, int64_t end, int64_t only) {
  if (options.task == Task::lm) return {};
  if (options.source_end == SourceEnd::reversed) items.push_back(end);
  if (options.reverse == Reverse::source || options.reverse == Reverse::both) std::reverse(items.begin(), items.end());
  if (options.source_end == SourceEnd::after) items.push_back(end);
  if (items.empty()) items.push_back(only);
  return items;
}

}  // namespace

TextPipeline::TextPipeline(const DataOptions& options, const text::TokenizerRegistry& tokenizers,
                           SourceVocabulary source, text::Vocabulary target, const TokenizerModels& models)
    : options_(options),
      tokenizers_(options, tokenizers),
      source_(std::move(source)),
      target_vocabulary_(std::move(target)) {
  tokenizers_.set(models);
}

TextPipeline TextPipeline::from_training_text(const DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  SideTokenizers sides(options, tokenizers);
  sides.learn(options);
  PairReader reader(options.train, options, *sides.source, *sides.target);
  FactorCounter source(options.source_form);
  text::VocabularyBuilder target;
  int64_t pairs = 0;
  for (TokenPair pair; reader.next(pair); ++pairs) {
    for (const auto& token : pair.source) source.add(token);
    for (const auto& token : pair.target) target.add(token);
  }
  if (pairs == 0) throw no_pair_left(options.train, reader.left_out());
  sides.count_pieces(source.words(), target);
  const auto counted = [](const text::VocabularyBuilder& from) {
    return [&from](text::VocabularyBuilder& into) { into.add(from); };
  };
  auto [source_words, target_words] = vocabularies(options, counted(source.words()), counted(target));
  return {options,
          tokenizers,
          {std::move(source_words), source.vocabularies(), options.source_form.parts},
          std::move(target_words),
          sides.models()};
}

std::pair<text::Vocabulary, text::Vocabulary> TextPipeline::vocabularies(const DataOptions& options,
                                                                         const Count& source, const Count& target) {
  if (options.task == Task::lm)
    return {text::Vocabulary({}), vocabulary_of(options.target.vocabulary, "the text", {&target})};
  if (options.shared_vocabulary) {
    auto both = vocabulary_of(options.source.vocabulary, "either side", {&source, &target});
    return {both, std::move(both)};
  }
  return {vocabulary_of(options.source.vocabulary, "the source side", {&source}),
          vocabulary_of(options.target.vocabulary, "the target side", {&target})};
}

std::vector<int64_t> TextPipeline::encoder_ids(std::vector<int64_t> ids) const {
  if (options_.source_form.parts == 1) return as_read(std::move(ids), options_, text::end_id, text::unknown_id);
  auto read = reading_order(ids);
  for (auto& item : read) item = item < 0 ? text::end_id : ids[static_cast<std::size_t>(item)];
  return read;
}

std::vector<int64_t> TextPipeline::reading_order(const std::vector<int64_t>& ids) const {
  std::vector<int64_t> order, part;
  const auto finish = [&](int64_t end) {
    for (const int64_t item : as_read(std::exchange(part, {}), options_, end, -1)) order.push_back(item);
  };
  for (int64_t token = 0; token < std::ssize(ids); ++token) {
    const bool ends = options_.source_form.parts > 1 && ids[static_cast<std::size_t>(token)] == text::end_id;
    if (ends) {
      finish(token);
    } else {
      part.push_back(token);
    }
  }
  finish(-1);
  return order;
}

std::vector<int64_t> TextPipeline::decoder_ids(std::vector<int64_t> ids) const {
  if (options_.reverse == Reverse::target || options_.reverse == Reverse::both) std::reverse(ids.begin(), ids.end());
  return ids;
}

CopiedWords TextPipeline::copied_words(const std::vector<std::string>& source_tokens) const {
  CopiedWords copied;
  if (!extends_) return copied;
  const auto ids = source_ids(source_tokens);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& token = source_tokens[i];
    if (ids[i] == text::unknown_id || target_vocabulary_.id(token) != text::unknown_id) continue;
    copied.add(token, ids[i] < source_vocabulary().size() ? extended().of_source_word(ids[i]) : ids[i]);
  }
  return copied;
}

std::vector<int64_t> TextPipeline::target_of_source() const {
  std::vector<int64_t> ids{text::unknown_id, text::start_id, text::end_id};
  for (const auto& word : source_vocabulary().words()) ids.push_back(target_vocabulary_.id(word.text));
  return ids;
}

bool TextPipeline::is_unknown(text::Side side, int64_t id) const {
  if (side == text::Side::target) return id == text::unknown_id || id >= target_vocabulary_.size();
  const int64_t word = source_.word(id);
  return word == text::unknown_id || word >= source_vocabulary().size();
}

std::vector<int64_t> TextPipeline::source_ids(const std::vector<std::string>& tokens) const {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const auto& token : tokens) ids.push_back(source_.id(token));
  if (!extends_) return ids;
  std::vector<std::string_view> neither;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != text::unknown_id || text::is_special(tokens[i])) continue;
    if (const auto target = target_vocabulary_.id(tokens[i]); target != text::unknown_id) {
      ids[i] = extended().of_target_word(target);
      continue;
    }
    const auto found = std::ranges::find(neither, tokens[i]);
    ids[i] = extended().of_neither(found - neither.begin());
    if (found == neither.end()) neither.emplace_back(tokens[i]);
  }
  return ids;
}

std::vector<int64_t> TextPipeline::target_ids(const std::vector<std::string>& tokens, const CopiedWords& copied) const {
  auto ids = ids_of(target_vocabulary_, tokens);
  for (std::size_t i = 0; extends_ && i < ids.size(); ++i)
    if (ids[i] == text::unknown_id) ids[i] = copied.id(tokens[i]);
  return ids;
}

std::vector<std::string> TextPipeline::source_words(const std::vector<int64_t>& ids) const {
  if (source_.factors().empty() && options_.source_form.parts == 1) return words_behind(source_vocabulary(), ids, {});
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const int64_t id : ids) tokens.push_back(source_.token(id));
  return tokens;
}

std::vector<std::string> TextPipeline::target_words(const std::vector<int64_t>& ids, const CopiedWords& copied) const {
  return words_behind(target_vocabulary_, ids, copied);
}

}  // namespace seq2seq::data
