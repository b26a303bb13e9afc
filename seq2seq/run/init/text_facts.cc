#include "seq2seq/run/init/text_facts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "seq2seq/text/characters.h"
#include "seq2seq/text/unicode.h"

namespace seq2seq::run {

namespace {

constexpr int64_t kFreeLength = 10;  // default of `decode.max_length.plus`

double ratio_beyond_free(int64_t source, int64_t target) {
  return static_cast<double>(std::max<int64_t>(target - kFreeLength, 0)) /
         static_cast<double>(std::max<int64_t>(source, 1));
}

}  // namespace

void Lengths::add(int64_t length) {
  if (std::cmp_greater_equal(length, count_.size())) count_.resize(static_cast<size_t>(length) + 1);
  ++count_[static_cast<size_t>(length)];
  ++lines_;
  sum_ += length;
  longest_ = std::max(longest_, length);
}

double Lengths::mean() const { return lines_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(lines_); }

int64_t Lengths::quantile(double share) const {
  const auto wanted = static_cast<int64_t>(std::ceil(share * static_cast<double>(lines_)));
  int64_t seen = 0;
  for (size_t length = 0; length < count_.size(); ++length) {
    seen += count_[length];
    if (seen >= wanted) return static_cast<int64_t>(length);
  }
  return longest_;
}

std::pair<int64_t, int64_t> TextFactsCounter::Side::add(std::string_view line) {
  int64_t length = 0, tokens = 0;
  for (auto rest = line; !rest.empty(); ++length) characters.insert(text::take_character(rest));
  for (size_t end = 0; end < line.size();) {
    const size_t begin = end;
    while (end < line.size() && !text::is_blank(line[end])) ++end;
    if (end > begin) {
      ++tokens;
      const std::string word(line.substr(begin, end - begin));
      const auto known = words.find(word);
      if (known != words.end())
        ++known->second;
      else if (std::ssize(words) < TextFacts::types_at_most)
        words.emplace(word, 1);
    }
    while (end < line.size() && text::is_blank(line[end])) ++end;
  }
  facts.tokens += tokens;
  facts.words.add(tokens);
  facts.characters.add(length);
  return {tokens, length};
}

void TextFactsCounter::Side::finish() {
  facts.types = std::ssize(words);
  facts.once = std::count_if(words.begin(), words.end(), [](const auto& word) { return word.second == 1; });
  facts.alphabet.assign(characters.begin(), characters.end());
  std::sort(facts.alphabet.begin(), facts.alphabet.end());
}

void TextFactsCounter::add(std::string_view source, std::string_view target) {
  ++facts_.pairs;
  const auto [source_words, source_characters] = source_.add(source);
  const auto [target_words, target_characters] = target_.add(target);
  facts_.word_ratio = std::max(facts_.word_ratio, ratio_beyond_free(source_words, target_words));
  facts_.character_ratio = std::max(facts_.character_ratio, ratio_beyond_free(source_characters, target_characters));
}

TextFacts TextFactsCounter::finish() {
  source_.finish();
  target_.finish();
  int64_t shared = 0;
  for (const auto& [word, count] : target_.words)
    if (source_.words.contains(word)) shared += count;
  facts_.shared_words = static_cast<double>(shared) / static_cast<double>(std::max<int64_t>(target_.facts.tokens, 1));
  facts_.source = std::move(source_.facts);
  facts_.target = std::move(target_.facts);
  return std::move(facts_);
}

}  // namespace seq2seq::run
