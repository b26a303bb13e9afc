#include "seq2seq/run/evaluation_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::run {

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file, data::InvalidUtf8 invalid) {
  std::vector<int64_t> dropped;
  return data::read_lines(file, invalid == data::InvalidUtf8::drop ? &dropped : nullptr);
}

void require_same_count(const std::filesystem::path& file, size_t lines, const std::filesystem::path& first,
                        size_t first_lines) {
  if (lines == first_lines) return;
  throw Error(Place{.file = file.string()},
              fmt::format("has {}, but {} has {}; line n of each is a reference of sentence n",
                          format_count(static_cast<int64_t>(lines), "line"), first.string(),
                          format_count(static_cast<int64_t>(first_lines))),
              "Leave a line empty where a sentence has no further reference");
}

}  // namespace

void check_line_counts(const data::FilePair& files, data::InvalidUtf8 invalid) {
  const auto sources = lines_of(files.source, invalid).size();
  for (const auto& file : files.target) require_same_count(file, lines_of(file, invalid).size(), files.source, sources);
}

EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text) {
  EvaluationSet set{.corpus = data::read_corpus(files, text), .references = {}};
  set.references.resize(static_cast<size_t>(set.corpus.pairs()));
  size_t first_lines = 0;
  for (const auto& file : files.target) {
    const auto lines = lines_of(file, text.options().invalid_utf8);
    if (&file == &files.target.front()) first_lines = lines.size();
    require_same_count(file, lines.size(), files.target.front(), first_lines);
    for (int64_t pair = 0; pair < set.corpus.pairs(); ++pair) {
      auto tokens = text.target_tokenizer().tokenize(lines[static_cast<size_t>(set.corpus.number(pair))]);
      if (!tokens.empty()) set.references[static_cast<size_t>(pair)].push_back(std::move(tokens));
    }
  }
  for (const auto& references : set.references)
    set.most_references = std::max(set.most_references, std::ssize(references));
  return set;
}

}  // namespace seq2seq::run
