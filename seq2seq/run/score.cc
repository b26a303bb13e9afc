#include "seq2seq/run/score.h"

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/data/input/unequal_lines.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/line_tokenizer.h"
#include "seq2seq/run/rescore/n_best_file.h"

namespace seq2seq::run {

namespace {

data::LineReader open_lines(const std::filesystem::path& file) { return {data::open_bytes(file), file.string()}; }

/// `copied`: of the source of each line; empty for text without a source.
decode::Sentences read_targets(data::LineReader& lines, const LoadedRun& run,
                               const std::vector<data::CopiedWords>& copied, bool tokens, UnknownTokens& unknown) {
  const data::CopiedWords nothing;
  const auto& tokenizer = line_tokenizer(run.text->target_tokenizer(), tokens);
  decode::Sentences sentences;
  for (std::string line; lines.next(line);) {
    const auto& words = sentences.size() < copied.size() ? copied[sentences.size()] : nothing;
    sentences.push_back(run.text->target_ids(tokenizer.tokenize(line), words));
    check_target_length(run, std::ssize(sentences.back()), {.file = lines.file().string(), .line = lines.lines()});
    unknown.add(sentences.back(), *run.text, text::Side::target, lines.lines());
  }
  return sentences;
}

void check_equal(const std::filesystem::path& source, size_t sources, const std::filesystem::path& target,
                 size_t targets) {
  if (sources == targets) return;
  throw data::unequal_lines({target, static_cast<int64_t>(targets)}, {source, static_cast<int64_t>(sources)},
                            "line n of one file belongs to line n of the other");
}

/// Scores all pairs and adds up their scores.
std::vector<decode::PairScore> score_pairs(const LoadedRun& run, const decode::Readings& sources,
                                           const decode::Sentences& targets, const Environment& environment) {
  Progress progress(*environment.log, "scoring", "pairs", static_cast<double>(targets.size()), environment.progress);
  auto done = decode::on_small_memory(environment.log);
  done.finished = [&progress](int64_t pairs) { progress.update(static_cast<double>(pairs)); };
  auto scores = decode::score_all(run.predictor(), sources, targets, run.options().decode.batch, done);
  progress.finish();
  return scores;
}

void add(Scored& scored, const decode::PairScore& pair) {
  ++scored.pairs;
  scored.tokens += std::ssize(pair.token_scores);
  scored.score += pair.score;
}

std::string line_of(const decode::PairScore& pair, bool per_token) {
  std::string line = fmt::format("{:.9g}", pair.score);
  if (!per_token) return line;
  for (size_t i = 0; i < pair.token_scores.size(); ++i)
    line += fmt::format("{}{:.9g}", i == 0 ? '\t' : ' ', pair.token_scores[i]);
  return line;
}

void write_scores(Scored& scored, const std::vector<decode::PairScore>& scores, std::ostream& output,
                  const ScoreOptions& options) {
  for (const auto& pair : scores) {
    if (!(output << line_of(pair, options.per_token) << '\n')) break;
    add(scored, pair);
  }
  output.flush();
}

}  // namespace

double Scored::perplexity() const { return std::exp(-score / static_cast<double>(tokens)); }

Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment) {
  Scored scored;
  const auto sources = read_sources(source, run, options.tokens, scored.unknown_source);
  auto lines = open_lines(target);
  const auto targets = read_targets(lines, run, sources.copied, options.tokens, scored.unknown_target);
  check_equal(source, sources.sentences(), target, targets.size());
  write_scores(scored, score_pairs(run, sources.readings, targets, environment), output, options);
  return scored;
}

Scored score_text(const LoadedRun& run, data::LineReader& lines, std::ostream& output, const ScoreOptions& options,
                  const Environment& environment) {
  Scored scored;
  const auto text = read_targets(lines, run, /*copied=*/{}, options.tokens, scored.unknown_target);
  if (text.empty()) throw Error(Place{.file = lines.file()}, "is empty; at least one line is expected");
  decode::Readings no_sources;
  for (const auto* member : members_of(run))
    no_sources.push_back({.text = member->text.get(), .sentences = decode::Sentences(text.size())});
  write_scores(scored, score_pairs(run, no_sources, text, environment), output, options);
  return scored;
}

Scored score_n_best(const LoadedRun& run, const std::filesystem::path& list, const std::filesystem::path& source,
                    std::ostream& output, const NBestScoreOptions& options, const Environment& environment) {
  Scored scored;
  const auto sources = read_sources(source, run, options.tokens, scored.unknown_source);
  const auto listed = read_n_best_file(list, sources.sentences());
  for (size_t i = 0; i < listed.lines.size(); ++i) {
    const auto fields = *decode::split_n_best(listed.lines[i].line);
    if (!decode::has_feature(fields.features, options.feature)) continue;
    throw Error(Place{.file = list.string(), .line = static_cast<int64_t>(i) + 1},
                fmt::format("already has a feature `{}=`", options.feature), "Give another name with `--feature NAME`");
  }
  const auto scores = score_list(run, listed, sources, options.tokens, environment);
  scored.unknown_target = scores.unknown;
  scored.saved = scores.scores.saved();
  for (const auto& hypothesis : listed.lines) {
    const auto& pair = scores.of(hypothesis);
    const auto fields = *decode::split_n_best(hypothesis.line);
    if (!(output << decode::with_feature(hypothesis.line, fields, options.feature, pair.score) << '\n')) break;
    add(scored, pair);
  }
  output.flush();
  return scored;
}

}  // namespace seq2seq::run
