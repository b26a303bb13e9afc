#include "seq2seq/run/translate.h"

#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/length_limits.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

// Batches read ahead and sorted by length together: more make lengths more alike, fewer answer sooner.
constexpr int64_t batches_ahead = 32;

std::vector<std::string> tokens_of(const std::string& line, const LoadedRun& run, bool tokens) {
  return tokens ? text::WhitespaceTokenizer({}).tokenize(line) : run.text->source_tokenizer().tokenize(line);
}

std::string text_of(const decode::Hypothesis& hypothesis, const data::CopiedWords& copied, const LoadedRun& run,
                    bool tokens) {
  const auto words = run.text->target_words(hypothesis.ids, copied);
  return tokens ? fmt::format("{}", fmt::join(words, " ")) : run.text->target_tokenizer().detokenize(words);
}

/// The outputs found for a source, and the words that they may copy from it.
struct Searched {
  const std::vector<decode::Hypothesis>& outputs;
  const data::CopiedWords& copied;
};

/// Returns the outputs that were written.
std::vector<std::vector<int64_t>> write(std::ostream& output, int64_t number, const Searched& found,
                                        const LoadedRun& run, const TranslateOptions& options) {
  const auto& outputs = found.outputs;
  if (!options.n_best_format) {
    output << text_of(outputs.front(), found.copied, run, options.tokens) << '\n';
    return {outputs.front().ids};
  }
  std::set<std::string> written;
  std::vector<std::vector<int64_t>> all;
  for (const auto& hypothesis : outputs) {
    const auto text = text_of(hypothesis, found.copied, run, options.tokens);
    if (!written.insert(text).second) continue;  // the same text of other tokens; the best of them came first
    output << decode::n_best_line(number, text, hypothesis, options.token_scores) << '\n';
    all.push_back(hypothesis.ids);
  }
  return all;
}

/// The outputs of each source. An empty one is not searched for, where the options say so.
std::vector<std::vector<decode::Hypothesis>> outputs_of(const decode::Sentences& sources, const LoadedRun& run) {
  const auto& options = run.options().decode;
  decode::Sentences searched;
  const auto is_searched = [&options](const std::vector<int64_t>& ids) {
    return !ids.empty() || options.empty_source == decode::EmptySource::translate;
  };
  for (const auto& ids : sources)
    if (is_searched(ids)) searched.push_back(ids);
  auto found = decode::search_all(*run.predictor, searched, *run.text, options);
  std::vector<std::vector<decode::Hypothesis>> outputs;
  size_t next = 0;
  for (const auto& ids : sources)
    outputs.push_back(is_searched(ids) ? std::move(found[next++]) : std::vector<decode::Hypothesis>(1));
  return outputs;
}

}  // namespace

Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options) {
  if (options.alignments.wanted()) check_attends(run);
  const int64_t ahead = run.options().decode.batch * batches_ahead;
  const LengthLimits limits(*run.model, run.options().data);
  Translated translated;
  bool more = true;
  while (more && output) {
    decode::Sentences sources;
    std::vector<data::CopiedWords> copied;
    std::vector<AlignedOutputs> aligned;
    std::string line;
    while (std::ssize(sources) < ahead && (sources.empty() || input.ready()) && (more = input.next(line))) {
      auto tokens = tokens_of(line, run, options.tokens);
      sources.push_back(run.text->source_ids(tokens));
      copied.push_back(run.text->copied_words(tokens));
      limits.check_source(std::ssize(sources.back()), {.file = input.file().string(), .line = input.lines()});
      translated.unknown.add(sources.back(), run.text->source_vocabulary(), input.lines());
      if (options.alignments.wanted()) aligned.emplace_back().source_tokens = std::move(tokens);
    }
    size_t next = 0;
    for (const auto& outputs : outputs_of(sources, run)) {
      auto written = write(output, translated.lines, {outputs, copied[next]}, run, options);
      if (options.alignments.wanted()) {
        auto& sentence = aligned[next];
        sentence.number = translated.lines;
        sentence.source = std::move(sources[next]);
        sentence.targets = std::move(written);
      }
      ++next;
      ++translated.lines;
      if (outputs.front().cut) ++translated.cut;
    }
    output.flush();
    if (options.alignments.wanted()) write_alignments(run, aligned, options.alignments);
  }
  return translated;
}

}  // namespace seq2seq::run
