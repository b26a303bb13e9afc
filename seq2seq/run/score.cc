#include "seq2seq/run/score.h"

#include <charconv>
#include <cmath>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/length_limits.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

/// `tokens`: the line is tokens between blanks.
std::vector<std::string> tokens_of(std::string_view line, const text::Tokenizer& tokenizer, bool tokens) {
  return tokens ? text::WhitespaceTokenizer({}).tokenize(line) : tokenizer.tokenize(line);
}

data::LineReader open_lines(const std::filesystem::path& file) { return {data::open_bytes(file), file.string()}; }

/// Sources, with the words that their targets may copy.
struct Sources {
  decode::Sentences ids;
  std::vector<data::CopiedWords> copied;
};

Sources read_sources(const std::filesystem::path& file, const LoadedRun& run, bool tokens, UnknownTokens& unknown) {
  const LengthLimits limits(*run.model, run.options().data);
  Sources sources;
  auto lines = open_lines(file);
  for (std::string line; lines.next(line);) {
    const auto words = tokens_of(line, run.text->source_tokenizer(), tokens);
    sources.ids.push_back(run.text->source_ids(words));
    sources.copied.push_back(run.text->copied_words(words));
    limits.check_source(std::ssize(words), {.file = file.string(), .line = lines.lines()});
    unknown.add(sources.ids.back(), run.text->source_vocabulary(), lines.lines());
  }
  return sources;
}

/// Reads the target of each source; lines beyond the sources, too.
decode::Sentences read_targets(const std::filesystem::path& file, const Sources& sources, const LoadedRun& run,
                               bool tokens, UnknownTokens& unknown) {
  const LengthLimits limits(*run.model, run.options().data);
  decode::Sentences targets;
  auto lines = open_lines(file);
  for (std::string line; lines.next(line);) {
    const auto words = tokens_of(line, run.text->target_tokenizer(), tokens);
    const auto copied = targets.size() < sources.copied.size() ? sources.copied[targets.size()] : data::CopiedWords();
    targets.push_back(run.text->target_ids(words, copied));
    limits.check_target(std::ssize(words), {.file = file.string(), .line = lines.lines()});
    unknown.add(targets.back(), run.text->target_vocabulary(), lines.lines());
  }
  return targets;
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

/// Scores all pairs and adds them up.
std::vector<decode::PairScore> score_pairs(const LoadedRun& run, const decode::Sentences& sources,
                                           const decode::Sentences& targets, const Environment& environment) {
  Progress progress(*environment.log, "scoring", "pairs", static_cast<double>(sources.size()), environment.progress);
  auto scores = decode::score_all(*run.predictor, sources, targets, *run.text, run.options().decode.batch,
                                  [&progress](int64_t done) { progress.update(static_cast<double>(done)); });
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

/// Whether all of the text, but for blanks around it, is a number.
template <class Number>
bool read_number(std::string_view text, Number& number) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && stop == text.data() + text.size();
}

/// The fields of a line of an n-best list, and the sentence that it names.
decode::NBestFields read_n_best(const std::string& line, const Place& place, size_t sources, size_t& sentence) {
  const auto fields = decode::split_n_best(line);
  double score = 0;
  if (!fields || !read_number(fields->sentence, sentence) || !read_number(fields->score, score)) {
    throw Error(place, fmt::format("expected `sentence ||| text ||| features ||| score`, found {}", quote(line)),
                "The first and the last field of an n-best list are numbers");
  }
  if (sentence < sources) return *fields;
  throw Error(place,
              fmt::format("names sentence {}, counted from 0, but the source has {}", sentence,
                          format_count(static_cast<int64_t>(sources), "line")),
              "Name the source that the list was made from");
}

}  // namespace

double Scored::perplexity() const { return std::exp(-score / static_cast<double>(tokens)); }

Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment) {
  Scored scored;
  const auto sources = read_sources(source, run, options.tokens, scored.unknown_source);
  const auto targets = read_targets(target, sources, run, options.tokens, scored.unknown_target);
  check_equal(source, sources.ids.size(), target, targets.size());
  for (const auto& pair : score_pairs(run, sources.ids, targets, environment)) {
    if (!(output << line_of(pair, options.per_token) << '\n')) break;
    add(scored, pair);
  }
  output.flush();
  return scored;
}

Scored score_n_best(const LoadedRun& run, const std::filesystem::path& list, const std::filesystem::path& source,
                    std::ostream& output, const NBestScoreOptions& options, const Environment& environment) {
  Scored scored;
  const auto all = read_sources(source, run, options.tokens, scored.unknown_source);
  const LengthLimits limits(*run.model, run.options().data);
  std::vector<std::string> written;
  decode::Sentences sources, targets;
  auto lines = open_lines(list);
  for (std::string line; lines.next(line); written.push_back(line)) {
    const Place place{.file = list.string(), .line = lines.lines()};
    size_t sentence = 0;
    const auto fields = read_n_best(line, place, all.ids.size(), sentence);
    if (decode::has_feature(fields.features, options.feature)) {
      throw Error(place, fmt::format("has a feature `{}=` already", options.feature),
                  "Name the new one by `--feature NAME`");
    }
    sources.push_back(all.ids[sentence]);
    const auto words = tokens_of(fields.text, run.text->target_tokenizer(), options.tokens);
    targets.push_back(run.text->target_ids(words, all.copied[sentence]));
    limits.check_target(std::ssize(targets.back()), place);
    scored.unknown_target.add(targets.back(), run.text->target_vocabulary(), lines.lines());
  }
  const auto scores = score_pairs(run, sources, targets, environment);
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto fields = *decode::split_n_best(written[i]);
    if (!(output << decode::with_feature(written[i], fields, options.feature, scores[i].score) << '\n')) break;
    add(scored, scores[i]);
  }
  output.flush();
  return scored;
}

}  // namespace seq2seq::run
