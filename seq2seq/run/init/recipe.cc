#include "seq2seq/run/init/recipe.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace seq2seq::run {

namespace {

// Largest set of words that counts as a set of symbols: letters, phonemes, commands.
constexpr int64_t kMostSymbols = 2000;
// Lines of up to this many characters are strings, such as dates and names, not sentences.
constexpr double kStringLength = 40, kLongStringLength = 100;

/// Returns true if the words of a side are a closed set, with many occurrences of each.
bool has_closed_words(const SideFacts& side) {
  return side.types <= kMostSymbols && 20 * side.once <= side.types && side.tokens >= 20 * side.types;
}

Cut cut_of(const SideFacts& side) {
  if (has_closed_words(side)) return Cut::words;
  return side.characters.mean() <= kStringLength ? Cut::characters : Cut::subwords;
}

/// Returns the length of the longest side in training: of all lines, unless a few are much longer than the others.
int64_t longest_of(const SideFacts& side, Cut cut) {
  if (cut == Cut::subwords) return 2 * side.words.quantile(0.99);
  const auto& lengths = cut == Cut::words ? side.words : side.characters;
  return lengths.longest() <= 250 ? lengths.longest() : lengths.quantile(0.99);
}

void choose_cuts(Recipe& recipe, const TextFacts& facts) {
  recipe.source_cut = cut_of(facts.source);
  recipe.target_cut = cut_of(facts.target);
  // If the other side is a string, words are split into characters, too: `1999` and `2001` have digits in common.
  const auto beside_string = [](Cut other, const SideFacts& side) {
    return other == Cut::characters && side.characters.mean() <= kLongStringLength;
  };
  if (beside_string(recipe.target_cut, facts.source)) recipe.source_cut = Cut::characters;
  if (beside_string(recipe.source_cut, facts.target)) recipe.target_cut = Cut::characters;
  recipe.shared_vocabulary = recipe.source_cut == recipe.target_cut && facts.shared_words >= 0.5;
  const int64_t longest =
      std::max(longest_of(facts.source, recipe.source_cut), longest_of(facts.target, recipe.target_cut));
  recipe.max_length = std::clamp<int64_t>(longest, 100, 400);
  const double ratio = recipe.target_cut == Cut::characters ? facts.character_ratio : facts.word_ratio;
  recipe.length_ratio = std::max<int64_t>(2, static_cast<int64_t>(std::ceil(ratio)));
}

void choose_for_symbols(Recipe& recipe, int64_t pairs) {
  const bool small = pairs < 50'000;
  recipe.embedding = 64;
  recipe.cells = small ? 128 : 256;
  recipe.layers = small ? 1 : 2;
  recipe.initial_range = 0.2;
  recipe.learning_rate = 0.004;
  recipe.batch = 32;
  recipe.updates = std::clamp<int64_t>(12 * pairs / recipe.batch, 2000, 10000);
}

/// Returns a number of subwords that the text has: at most one for each distinct word, and more than its characters.
int64_t subwords_for(const SideFacts& side, int64_t wanted) {
  return std::max(std::min(wanted, side.types), std::ssize(side.alphabet) + 100);
}

void choose_for_sentences(Recipe& recipe, const TextFacts& facts, int64_t pairs) {
  const int size = pairs < 20'000 ? 0 : pairs < 500'000 ? 1 : pairs < 5'000'000 ? 2 : 3;
  const int64_t subwords = std::array{1000, 4000, 16000, 32000}[static_cast<size_t>(size)];
  recipe.source_subwords = subwords_for(facts.source, subwords);
  recipe.target_subwords = subwords_for(facts.target, subwords);
  if (recipe.shared_vocabulary)  // one tokenizer, so one size
    recipe.source_subwords = recipe.target_subwords = std::max(recipe.source_subwords, recipe.target_subwords);
  recipe.cells = std::array{128, 256, 512, 1000}[static_cast<size_t>(size)];
  recipe.embedding = recipe.cells;
  recipe.layers = 2;
  recipe.initial_range = std::array{0.15, 0.1, 0.07, 0.05}[static_cast<size_t>(size)];
  recipe.learning_rate = std::array{0.004, 0.003, 0.002, 0.001}[static_cast<size_t>(size)];
  recipe.batch = size < 2 ? 64 : 128;
  recipe.updates = std::max<int64_t>((pairs < 1'000'000 ? 3 : 1) * pairs / recipe.batch, 4000);
}

}  // namespace

Recipe recipe_for(const TextFacts& facts, int64_t training_pairs) {
  Recipe recipe;
  choose_cuts(recipe, facts);
  if (recipe.source_cut == Cut::subwords || recipe.target_cut == Cut::subwords)
    choose_for_sentences(recipe, facts, training_pairs);
  else
    choose_for_symbols(recipe, training_pairs);
  recipe.warmup = std::max<int64_t>(recipe.updates / 20, 100);
  const double epochs =
      static_cast<double>(recipe.updates * recipe.batch) / static_cast<double>(std::max<int64_t>(training_pairs, 1));
  recipe.dropout = epochs > 8 ? 0.3 : epochs > 4 ? 0.2 : 0.1;
  return recipe;
}

}  // namespace seq2seq::run
