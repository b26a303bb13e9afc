#include "seq2seq/run/constraints.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/decode/phrases.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/run/line_tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

namespace {

void check_search(const decode::DecodeOptions& options) {
  const Place place{.part = "--constraints"};
  if (options.search == decode::SearchKind::sample)
    throw UsageError(place, "sampling cannot put given phrases into outputs", "Use `decode.search: beam` or `exact`");
  if (options.diverse_beam.groups > 1 || !options.refill)
    throw UsageError(place,
                     "need all places of the beam, so they cannot be combined with `diverse_beam` or `refill: false`",
                     "Use `--set decode.diverse_beam.groups=1 --set decode.refill=true`");
}

/// Returns the next line of a file of constraints.
std::string next_line(data::LineReader& lines) {
  std::string line;
  if (lines.next(line)) return line;
  throw Error(Place{.file = lines.file().string(), .line = lines.lines() + 1},
              "is missing: the source has more lines than this file", "Write one line for each line of the source");
}

}  // namespace

ConstraintReader::ConstraintReader(const LoadedRun& run, const ConstraintFiles& files, bool tokens)
    : run_(run), files_(files), tokens_(tokens) {
  const char* const first = files.prefixes != nullptr ? "--prefix" : "--constraints";
  const auto by_logits = [](const LoadedRun* member) { return member->model->output().ranks_by_logits(); };
  if ((files.prefixes != nullptr || files.phrases != nullptr) && std::ranges::any_of(members_of(run), by_logits))
    throw UsageError(Place{.part = first},
                     "compares probabilities of words, but a model with `model.output.self_normalized` searches "
                     "without them",
                     "Use a run that was trained with `self_normalized: false`");
  if (files.prefixes != nullptr && decode::writes_backwards(*run.text))
    throw UsageError(Place{.part = "--prefix"},
                     "this run writes the last word of an output first (`data.reverse`), so it cannot begin outputs "
                     "with given words",
                     "Use a run that was trained with `data.reverse: none` or `source`");
  if (files.phrases != nullptr) check_search(run.options().decode);
}

decode::OutputConstraints ConstraintReader::next(int64_t source_tokens) {
  decode::OutputConstraints constraints;
  const int64_t longest = std::min(decode::longest_output(run_.options().decode.max_length, source_tokens),
                                   run_.predictor().longest_output());
  if (files_.prefixes != nullptr) constraints.prefix = ids_of(next_line(*files_.prefixes), *files_.prefixes, longest);
  if (files_.phrases == nullptr) return constraints;
  const auto line = next_line(*files_.phrases);
  for (const auto field : split(line, '\t')) {
    auto phrase = ids_of(std::string(field), *files_.phrases, longest);
    if (!phrase.empty()) constraints.phrases.push_back(std::move(phrase));
  }
  return constraints;
}

std::vector<int64_t> ConstraintReader::ids_of(const std::string& text, const data::LineReader& lines,
                                              int64_t longest) const {
  const Place place{.file = lines.file().string(), .line = lines.lines()};
  const auto tokens = line_tokenizer(run_.text->target_tokenizer(), tokens_).tokenize(text);
  auto ids = run_.text->target_ids(tokens);
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool written =
        ids[i] >= text::special_count || (ids[i] == text::unknown_id && run_.options().decode.allow_unknown);
    if (!written)
      throw Error(place,
                  fmt::format("{} is not in the target vocabulary, so no output can contain it", quote(tokens[i])),
                  "Replace the word, or remove it from the line");
  }
  if (std::ssize(ids) > longest)
    throw Error(place,
                fmt::format("{} has {}, but the output of this line can have only {}", quote(text),
                            format_count(std::ssize(ids), "token"), format_count(longest)),
                "Shorten it, or raise `decode.max_length`");
  return ids;
}

void ConstraintReader::finish() {
  for (auto* lines : {files_.prefixes, files_.phrases}) {
    std::string line;
    if (lines == nullptr || !lines->next(line)) continue;
    throw Error(Place{.file = lines->file().string(), .line = lines->lines()},
                "has no source line: this file has more lines than the source",
                "Write one line for each line of the source");
  }
}

bool meets(const std::vector<int64_t>& ids, const decode::OutputConstraints& constraints) {
  const decode::Phrases phrases(constraints.phrases);
  auto progress = phrases.start();
  for (const int64_t word : ids) progress = phrases.after(progress, word);
  const bool begins = std::ssize(ids) >= std::ssize(constraints.prefix) &&
                      std::equal(constraints.prefix.begin(), constraints.prefix.end(), ids.begin());
  return begins && phrases.met(progress);
}

void UnmetConstraints::add(const std::vector<int64_t>& ids, const decode::OutputConstraints& constraints,
                           int64_t line) {
  if (!meets(ids, constraints) && outputs++ == 0) first_line = line;
}

}  // namespace seq2seq::run
