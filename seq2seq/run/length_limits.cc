#include "seq2seq/run/length_limits.h"

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::run {

namespace {

int64_t less_symbols(int64_t rows, int64_t symbols) { return rows == nn::no_longest_sentence ? rows : rows - symbols; }

void check(int64_t tokens, int64_t longest, const Place& place) {
  if (tokens <= longest) return;
  throw Error(place,
              fmt::format("has {}, but the model has learned positions for {}", format_count(tokens, "token"),
                          format_count(longest)),
              "Shorten the line or leave it out, or train a model with a larger `longest`");
}

}  // namespace

LengthLimits::LengthLimits(const nn::Model& model, const data::DataOptions& options)
    : source_(less_symbols(model.longest_source(), options.source_end == data::SourceEnd::none ? 0 : 1)),
      target_(less_symbols(model.longest_target(), 1)) {}

bool LengthLimits::any() const { return source_ != nn::no_longest_sentence || target_ != nn::no_longest_sentence; }

void LengthLimits::check_source(int64_t tokens, const Place& place) const { check(tokens, source_, place); }

void LengthLimits::check_target(int64_t tokens, const Place& place) const { check(tokens, target_, place); }

void check_lengths(const EvaluationSet& set, const data::FilePair& files, const LengthLimits& limits) {
  if (!limits.any()) return;
  for (int64_t pair = 0; pair < set.corpus.pairs(); ++pair) {
    const int64_t line = set.corpus.number(pair) + 1;
    limits.check_source(set.corpus.source.length(pair), {.file = files.source.string(), .line = line});
    // Of several references the model reads the first non-empty one; messages name the first file.
    limits.check_target(set.corpus.target.length(pair), {.file = files.target.front().string(), .line = line});
  }
}

}  // namespace seq2seq::run
