#include "seq2seq/data/resample.h"

#include <cstddef>
#include <string>
#include <utility>

#include "seq2seq/core/error.h"
#include "seq2seq/text/draws.h"

namespace seq2seq::data {
namespace {

std::vector<std::string> words_of(const std::vector<int64_t>& ids, const text::Vocabulary& words) {
  std::vector<std::string> sentence;
  sentence.reserve(ids.size());
  for (const int64_t id : ids) sentence.push_back(words.word(id));
  return sentence;
}

std::vector<std::string> cut_anew(const std::vector<std::string>& sentence, const text::LineTokenizer& tokenizer,
                                  text::Draws draws) {
  return tokenizer.sample(tokenizer.detokenize(sentence), draws);
}

void check(const text::LineTokenizer& tokenizer, const text::Vocabulary* words) {
  if (!tokenizer.samples() || words != nullptr) return;
  throw Error("a tokenizer that samples needs prepared text", "Set `data.prepared` to a folder");
}

}  // namespace

Resampler::Resampler(const Corpus& corpus, const TextPipeline& text, uint64_t seed)
    : corpus_(&corpus),
      text_(&text),
      seed_(seed),
      reads_words_(text.extends_vocabulary() && corpus.source_words != nullptr) {
  check(text.source_tokenizer(), corpus.source_words.get());
  check(text.target_tokenizer(), corpus.target_words.get());
}

/// Returns true if the corpus of the pair has a tag; other corpora may have none.
bool Resampler::tagged(int64_t pair) const {
  const auto& tags = text_->options().train.tags;
  int64_t end = 0;
  for (std::size_t part = 0; part < tags.size(); ++part) {
    end += corpus_->pairs_of.at(part);
    if (pair < end) return !tags[part].empty();
  }
  return false;
}

std::vector<std::string> Resampler::source_tokens(int64_t pair, int64_t epoch) const {
  const auto& tokenizer = text_->source_tokenizer();
  auto sentence = words_of(corpus_->source.original(pair), *corpus_->source_words);
  if (!tokenizer.samples()) return sentence;
  std::vector<std::string> read;
  if (tagged(pair)) {  // the tag of the corpus comes first and is not part of the line
    read.push_back(std::move(sentence.front()));
    sentence.erase(sentence.begin());
  }
  const text::Draws draws(seed_, text::Side::source, static_cast<uint64_t>(epoch),
                          static_cast<uint64_t>(corpus_->number(pair)));
  for (auto& token : cut_anew(sentence, tokenizer, draws)) read.push_back(std::move(token));
  return read;
}

std::vector<std::string> Resampler::target_tokens(int64_t pair, int64_t epoch) const {
  const auto& tokenizer = text_->target_tokenizer();
  auto sentence = words_of(corpus_->target.original(pair), *corpus_->target_words);
  if (!tokenizer.samples()) return sentence;
  const text::Draws draws(seed_, text::Side::target, static_cast<uint64_t>(epoch),
                          static_cast<uint64_t>(corpus_->number(pair)));
  return cut_anew(sentence, tokenizer, draws);
}

std::vector<int64_t> Resampler::source(int64_t pair, int64_t epoch) const {
  const bool reads_words = reads_words_ || text_->source_tokenizer().samples();
  return reads_words ? text_->source_ids(source_tokens(pair, epoch)) : corpus_->source[pair];
}

std::vector<int64_t> Resampler::target(int64_t pair, int64_t epoch) const {
  if (reads_words_) {
    const auto copied = text_->copied_words(source_tokens(pair, epoch));
    return text_->target_ids(target_tokens(pair, epoch), copied);
  }
  return text_->target_tokenizer().samples() ? text_->target_ids(target_tokens(pair, epoch)) : corpus_->target[pair];
}

int64_t Resampler::source_length(int64_t pair, int64_t epoch) const {
  return text_->source_tokenizer().samples() ? std::ssize(source(pair, epoch)) : corpus_->source.length(pair);
}

int64_t Resampler::target_length(int64_t pair, int64_t epoch) const {
  return text_->target_tokenizer().samples() ? std::ssize(target(pair, epoch)) : corpus_->target.length(pair);
}

}  // namespace seq2seq::data
