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
#include "seq2seq/run/ensemble.h"

namespace seq2seq::run {

namespace {

// Batches read ahead and sorted by length together: more make lengths more alike, fewer answer sooner.
constexpr int64_t batches_ahead = 32;

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
    const auto* name = run.options().decode.language_model.any() ? "fused" : "logprob";
    output << decode::n_best_line(number, text, hypothesis, options.token_scores, name) << '\n';
    all.push_back(hypothesis.ids);
  }
  return all;
}

/// The outputs of each source. An empty one is not searched for, where the options say so.
std::vector<std::vector<decode::Hypothesis>> outputs_of(const decode::Readings& sources, const LoadedRun& run) {
  const auto& options = run.options().decode;
  const auto& first = sources.front().sentences;
  const auto is_searched = [&options](const std::vector<int64_t>& ids) {
    return !ids.empty() || options.empty_source == decode::EmptySource::translate;
  };
  decode::Readings searched;
  for (const auto& [text, sentences] : sources) {
    auto& reading = searched.emplace_back(decode::Reading{.text = text, .sentences = {}});
    for (size_t i = 0; i < first.size(); ++i)
      if (is_searched(first[i])) reading.sentences.push_back(sentences[i]);
  }
  auto found = decode::search_all(run.predictor(), searched, options);
  std::vector<std::vector<decode::Hypothesis>> outputs;
  size_t next = 0;
  for (const auto& ids : first)
    outputs.push_back(is_searched(ids) ? std::move(found[next++]) : std::vector<decode::Hypothesis>(1));
  return outputs;
}

}  // namespace

Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options) {
  if (options.alignments.wanted()) check_attends(run);
  const int64_t ahead = run.options().decode.batch * batches_ahead;
  SourceReader reader(run, options.tokens);
  Translated translated;
  bool more = true;
  while (more && output) {
    std::vector<data::CopiedWords> copied;
    std::vector<AlignedOutputs> aligned;
    std::string line;
    while (std::ssize(copied) < ahead && (copied.empty() || input.ready()) && (more = input.next(line))) {
      const auto& ids = reader.add(line, {.file = input.file().string(), .line = input.lines()});
      translated.unknown.add(ids, *run.text, text::Side::source, input.lines());
      auto tokens = reader.tokens(line);
      copied.push_back(run.text->copied_words(tokens));
      if (options.alignments.wanted()) aligned.emplace_back().source_tokens = std::move(tokens);
    }
    const auto sources = reader.take();
    size_t next = 0;
    for (const auto& outputs : outputs_of(sources, run)) {
      auto written = write(output, translated.lines, {outputs, copied[next]}, run, options);
      if (options.alignments.wanted()) {
        auto& sentence = aligned[next];
        sentence.number = translated.lines;
        sentence.source = sources.front().sentences[next];
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
