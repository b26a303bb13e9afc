#include "seq2seq/decode/phrases.h"

#include <algorithm>
#include <utility>

namespace seq2seq::decode {

Phrases::Phrases(std::vector<std::vector<int64_t>> phrases) {
  std::ranges::sort(phrases);
  const auto repeated = std::ranges::unique(phrases);
  phrases.erase(repeated.begin(), repeated.end());
  for (auto& words : phrases) {
    Phrase phrase{.words = std::move(words), .fallback = {0, 0}};
    for (size_t end = 1; end < phrase.words.size(); ++end)
      phrase.fallback.push_back(extended(phrase, phrase.fallback[end], phrase.words[end]));
    words_ += std::ssize(phrase.words);
    phrases_.push_back(std::move(phrase));
  }
}

int64_t Phrases::extended(const Phrase& phrase, int64_t matched, int64_t word) {
  while (matched > 0 && phrase.words[static_cast<size_t>(matched)] != word)
    matched = phrase.fallback[static_cast<size_t>(matched)];
  return phrase.words[static_cast<size_t>(matched)] == word ? matched + 1 : 0;
}

Phrases::Progress Phrases::after(const Progress& progress, int64_t word) const {
  auto next = progress;
  for (size_t i = 0; i < phrases_.size(); ++i)
    if (next[i] < std::ssize(phrases_[i].words)) next[i] = extended(phrases_[i], next[i], word);
  return next;
}

int64_t Phrases::words_met(const Progress& progress) const {
  int64_t met = 0;
  for (const int64_t matched : progress) met += matched;
  return met;
}

int64_t Phrases::words_needed(const Progress& progress) const {
  int64_t needed = 0;
  for (size_t i = 0; i < phrases_.size(); ++i)
    needed = std::max<int64_t>(needed, std::ssize(phrases_[i].words) - progress[i]);
  return needed;
}

std::vector<int64_t> Phrases::next(const Progress& progress) const {
  std::vector<int64_t> words;
  for (size_t i = 0; i < phrases_.size(); ++i)
    if (progress[i] < std::ssize(phrases_[i].words))
      words.push_back(phrases_[i].words[static_cast<size_t>(progress[i])]);
  std::ranges::sort(words);
  const auto repeated = std::ranges::unique(words);
  words.erase(repeated.begin(), repeated.end());
  return words;
}

std::vector<int64_t> share_places(int64_t places, const std::vector<int64_t>& waiting) {
  const auto numbers = std::ssize(waiting);
  std::vector<int64_t> shares(waiting.size(), places / numbers);
  for (auto i = numbers - places % numbers; i < numbers; ++i) ++shares[static_cast<size_t>(i)];
  int64_t left = 0;
  for (size_t i = 0; i < waiting.size(); ++i) {
    left += std::max<int64_t>(0, shares[i] - waiting[i]);
    shares[i] = std::min(shares[i], waiting[i]);
  }
  for (size_t i = waiting.size(); i-- > 0 && left > 0;) {
    const auto more = std::min(left, waiting[i] - shares[i]);
    shares[i] += more;
    left -= more;
  }
  return shares;
}

}  // namespace seq2seq::decode
