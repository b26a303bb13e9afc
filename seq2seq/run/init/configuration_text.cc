#include "seq2seq/run/init/configuration_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::run {

namespace {

std::string tokenizer_text(Cut cut, int64_t subwords) {
  switch (cut) {
    case Cut::words:
      return "{kind: whitespace}";
    case Cut::characters:
      return "{kind: character}";
    case Cut::subwords:
      return fmt::format("{{kind: sentencepiece, train: bpe, size: {}}}", subwords);
  }
  return {};
}

std::string about_side(const SideFacts& side, Cut cut) {
  const bool most = side.types == TextFacts::types_at_most;
  switch (cut) {
    case Cut::words:
      return fmt::format("{} different words, each seen often", format_count(side.types));
    case Cut::characters:
      return fmt::format("lines of {:.0f} characters on average, {} different ones", side.characters.mean(),
                         std::ssize(side.alphabet));
    case Cut::subwords:
      return fmt::format("{:.0f} words per line, {}{} different ones", side.words.mean(), most ? "more than " : "",
                         format_count(side.types));
  }
  return {};
}

std::string data_text(const Recipe& recipe, const TextFacts& facts) {
  std::string text = "data:\n";
  for (const std::string part : {"train", "validation", "test"})
    text +=
        fmt::format("  {}: {{source: {}, target: {}}}\n", part, part_file(part, "source"), part_file(part, "target"));
  text += fmt::format("  source: {{tokenizer: {}}}  # {}\n", tokenizer_text(recipe.source_cut, recipe.source_subwords),
                      about_side(facts.source, recipe.source_cut));
  text += fmt::format("  target: {{tokenizer: {}}}  # {}\n", tokenizer_text(recipe.target_cut, recipe.target_subwords),
                      about_side(facts.target, recipe.target_cut));
  if (recipe.shared_vocabulary)
    text += fmt::format("  shared_vocabulary: true  # {:.0f} % of the target's words occur in the source\n",
                        100 * facts.shared_words);
  text += "  reverse: none           # with attention, reversing the source is not needed\n";
  return text + fmt::format("  max_length: {}         # longer pairs are left out of training, and counted\n",
                            recipe.max_length);
}

std::string model_text(const Recipe& recipe) {
  return fmt::format(R"(model:
  architecture: rnn
  embedding: {{size: {}}}
  encoder: {{kind: lstm, layers: {}, cells: {}, bidirectional: all}}  # more cells learn more, and are slower
  decoder: {{kind: lstm, layers: {}, cells: {}}}
  bridge: {{kind: linear}}
  attention: {{kind: general}}
  dropout: {{layers: {}, output: {}}}  # raise it when validation gets worse while training gets better
  initial_range: {}
)",
                     recipe.embedding, recipe.layers, recipe.cells, recipe.layers, recipe.cells, recipe.dropout,
                     recipe.dropout, recipe.initial_range);
}

std::string train_text(const Recipe& recipe, int64_t pairs) {
  const double epochs =
      static_cast<double>(recipe.updates * recipe.batch) / static_cast<double>(std::max<int64_t>(pairs, 1));
  return fmt::format(R"(train:
  objective: per_token
  batch: {{sentences: {}}}
  optimizer: {{kind: adam, learning_rate: {}, beta2: 0.98}}  # halve the rate if the loss jumps
  label_smoothing: 0.1
  schedule: {{kind: linear, warmup_updates: {}}}  # rises to the rate, then falls to 0 at the last update
  clip: {{kind: norm, limit: 5}}
  updates: {}  # {:.1f} epochs; more updates help while the validation perplexity falls
  validate: {{every_updates: {}}}
  checkpoint: {{every_minutes: 5}}
)",
                     recipe.batch, recipe.learning_rate, recipe.warmup, recipe.updates, epochs,
                     std::max<int64_t>(recipe.updates / 10, 1));
}

}  // namespace

std::string part_file(const std::string& part, const std::string& side) { return part + "." + side; }

std::string configuration_text(const Recipe& recipe, const TextFacts& facts, int64_t training_pairs) {
  std::string text = fmt::format(
      "# Written by `seq2seq init` for {}. `seq2seq config reference KEY` explains a key such as `data.reverse`.\n",
      format_count(facts.pairs, "pair"));
  text += "seed: 1\n";
  text += data_text(recipe, facts) + model_text(recipe) + train_text(recipe, training_pairs);
  return text +
         fmt::format(
             "decode:\n  beam: 5\n  max_length: {{ratio: {}}}  # an output has at most {} tokens per source token, "
             "plus ten\n",
             recipe.length_ratio, recipe.length_ratio);
}

}  // namespace seq2seq::run
