#include "seq2seq/run/translate.h"

#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

// Batches read ahead and sorted by length together: more make lengths more alike, fewer answer sooner.
constexpr int64_t batches_ahead = 32;

std::vector<int64_t> ids_of(const std::string& line, const LoadedRun& run, bool tokens) {
  const text::WhitespaceTokenizer as_they_are({});
  return run.text->source_ids(tokens ? as_they_are.tokenize(line) : run.text->source_tokenizer().tokenize(line));
}

std::string text_of(const decode::Hypothesis& hypothesis, const LoadedRun& run, bool tokens) {
  const auto words = run.text->target_words(hypothesis.ids);
  return tokens ? fmt::format("{}", fmt::join(words, " ")) : run.text->target_tokenizer().detokenize(words);
}

void write(std::ostream& output, int64_t number, const std::vector<decode::Hypothesis>& outputs, const LoadedRun& run,
           const TranslateOptions& options) {
  if (!options.n_best_format) {
    output << text_of(outputs.front(), run, options.tokens) << '\n';
    return;
  }
  for (const auto& hypothesis : outputs) {
    output << decode::n_best_line(number, text_of(hypothesis, run, options.tokens), hypothesis, options.token_scores)
           << '\n';
  }
}

}  // namespace

Translated translate(const LoadedRun& run, LineSource& input, std::ostream& output, const TranslateOptions& options) {
  const auto& search = run.options().decode;
  const int64_t ahead = options.answer_at_once ? 1 : search.batch * batches_ahead;
  Translated translated;
  bool more = true;
  while (more && output) {
    decode::Sentences sources;
    std::string line;
    while (std::ssize(sources) < ahead && (more = input.next(line)))
      sources.push_back(ids_of(line, run, options.tokens));
    for (const auto& outputs : decode::search_all(*run.predictor, sources, *run.text, search)) {
      write(output, translated.lines++, outputs, run, options);
      if (outputs.front().cut) ++translated.cut;
    }
    output.flush();
  }
  return translated;
}

}  // namespace seq2seq::run
