#include "seq2seq/run/score.h"

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

std::vector<std::vector<std::string>> tokens_of(const std::filesystem::path& file, const text::Tokenizer& tokenizer) {
  std::vector<std::vector<std::string>> sentences;
  for (const auto& line : data::read_lines(file)) sentences.push_back(tokenizer.tokenize(line));
  return sentences;
}

void check_equal(const std::filesystem::path& source, size_t sources, const std::filesystem::path& target,
                 size_t targets) {
  if (sources == targets) return;
  throw Error(Place{.file = target.string()},
              fmt::format("has {}, but {} has {}; line n of the one belongs to line n of the other",
                          format_count(static_cast<int64_t>(targets), "line"), source.string(),
                          format_count(static_cast<int64_t>(sources))),
              "Find the line that is missing or too many");
}

std::string line_of(const decode::PairScore& pair, bool per_token) {
  std::string line = fmt::format("{:.9g}", pair.score);
  if (!per_token) return line;
  for (size_t i = 0; i < pair.token_scores.size(); ++i)
    line += fmt::format("{}{:.9g}", i == 0 ? '\t' : ' ', pair.token_scores[i]);
  return line;
}

}  // namespace

double Scored::perplexity() const { return std::exp(-score / static_cast<double>(tokens)); }

Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment) {
  const text::WhitespaceTokenizer as_they_are({});
  const auto cut = [&](const std::filesystem::path& file, const text::Tokenizer& tokenizer) {
    return tokens_of(file, options.tokens ? as_they_are : tokenizer);
  };
  const auto sources = cut(source, run.text->source_tokenizer());
  const auto targets = cut(target, run.text->target_tokenizer());
  check_equal(source, sources.size(), target, targets.size());
  decode::Sentences source_ids, target_ids;
  for (const auto& tokens : sources) source_ids.push_back(run.text->source_ids(tokens));
  for (const auto& tokens : targets) target_ids.push_back(run.text->target_ids(tokens));

  Progress progress(*environment.log, "scoring", "pairs", static_cast<double>(sources.size()), environment.progress);
  const auto scores = decode::score_all(*run.predictor, source_ids, target_ids, *run.text, run.options().decode.batch,
                                        [&progress](int64_t done) { progress.update(static_cast<double>(done)); });
  progress.finish();
  Scored scored;
  for (const auto& pair : scores) {
    if (!(output << line_of(pair, options.per_token) << '\n')) break;
    ++scored.pairs;
    scored.tokens += std::ssize(pair.token_scores);
    scored.score += pair.score;
  }
  output.flush();
  return scored;
}

}  // namespace seq2seq::run
