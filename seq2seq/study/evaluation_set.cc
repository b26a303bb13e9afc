#include "seq2seq/study/evaluation_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::study {

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file, data::InvalidUtf8 invalid) {
  std::vector<int64_t> dropped;
  return data::read_lines(file, invalid == data::InvalidUtf8::drop ? &dropped : nullptr);
}

}  // namespace

EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text) {
  EvaluationSet set{.corpus = data::read_corpus(files, text), .references = {}};
  set.references.resize(static_cast<size_t>(set.corpus.pairs()));
  size_t first_lines = 0;
  for (const auto& file : files.target) {
    const auto lines = lines_of(file, text.options().invalid_utf8);
    if (&file == &files.target.front()) first_lines = lines.size();
    if (lines.size() != first_lines) {
      throw Error(Place{.file = file.string()},
                  fmt::format("has {}, but {} has {}; line n of each is a reference of sentence n",
                              format_count(std::ssize(lines), "line"), files.target.front().string(),
                              format_count(static_cast<int64_t>(first_lines))),
                  "Leave a line empty where a sentence has no further reference");
    }
    for (int64_t pair = 0; pair < set.corpus.pairs(); ++pair) {
      auto tokens = text.target_tokenizer().tokenize(lines[static_cast<size_t>(set.corpus.number(pair))]);
      if (!tokens.empty()) set.references[static_cast<size_t>(pair)].push_back(std::move(tokens));
    }
  }
  for (const auto& references : set.references)
    set.most_references = std::max(set.most_references, std::ssize(references));
  return set;
}

}  // namespace seq2seq::study
