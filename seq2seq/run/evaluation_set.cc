#include "seq2seq/run/evaluation_set.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/clean/pair_filter.h"
#include "seq2seq/data/input/unequal_lines.h"

namespace seq2seq::run {

namespace {

/// The lines of a file; lines that are not UTF-8 are empty and marked as not valid.
struct TextFile {
  std::filesystem::path path;
  std::vector<std::string> lines;
  std::vector<bool> valid;
};

TextFile read_file(const std::filesystem::path& path, data::InvalidUtf8 invalid, const std::string& remedy) {
  std::vector<int64_t> dropped;
  TextFile file{path, data::read_lines(path, invalid == data::InvalidUtf8::drop ? &dropped : nullptr, remedy), {}};
  file.valid.assign(file.lines.size(), true);
  for (const int64_t line : dropped) file.valid[static_cast<size_t>(line)] = false;
  return file;
}

/// Returns as many empty lines as `file` has, for a missing source.
TextFile without_text(const TextFile& file) {
  const auto lines = file.lines.size();
  return {file.path, std::vector<std::string>(lines), std::vector<bool>(lines, true)};
}

/// Returns the source, then the references.
std::vector<TextFile> read_files(const data::FilePair& files, data::InvalidUtf8 invalid, const std::string& remedy) {
  if (files.target.empty()) throw Error(Place{.file = files.source.string()}, "has no target file beside it");
  std::vector<TextFile> all;
  if (!files.one_sided()) all.push_back(read_file(files.source, invalid, remedy));
  for (const auto& path : files.target) all.push_back(read_file(path, invalid, remedy));
  if (files.one_sided()) all.insert(all.begin(), without_text(all.front()));
  const auto count = [](const TextFile& file) { return std::ssize(file.lines); };
  for (const auto& file : all) {
    if (count(file) == count(all.front())) continue;
    throw data::unequal_lines({file.path, count(file)}, {all.front().path, count(all.front())},
                              "line n of each reference file belongs to sentence n",
                              "Leave a line empty if its sentence has no reference in this file");
  }
  if (count(all.front()) == 0)
    throw Error(Place{.file = (files.one_sided() ? files.target.front() : files.source).string()},
                "is empty; expected at least one line");
  return all;
}

class SetBuilder {
 public:
  SetBuilder(const std::vector<TextFile>& files, const data::TextPipeline& text)
      : source_(files.front()),
        references_(std::span(files).subspan(1)),
        text_(text),
        filter_(data::PairFilter::nothing(), text.source_tokenizer(), text.target_tokenizer(),
                text.options().source_form) {
    for (const auto& reference : references_)
      places_.push_back({.source = {source_.path}, .target = {reference.path}, .pairs = {}});
  }

  void add(size_t line) {
    std::vector<std::string> found;
    auto reason = data::Reason::empty_target;
    for (size_t i = 0; i < references_.size(); ++i) {
      data::TokenPair tokens;
      if (const auto fault = filter_.tokenize(pair(line, i), tokens)) {
        if (*fault == data::Reason::invalid_utf8) reason = *fault;
        continue;
      }
      if (found.empty()) {
        add_pair(tokens);
        set_.source_lines.push_back(source_.lines[line]);
      }
      found.push_back(references_[i].lines[line]);
    }
    if (found.empty()) {
      set_.corpus.left_out.add(reason, static_cast<int64_t>(line) + 1);
      return;
    }
    set_.most_references = std::max(set_.most_references, std::ssize(found));
    set_.references.push_back(std::move(found));
  }

  EvaluationSet finish() {
    if (set_.references.empty()) throw data::no_pair_left(places_.front(), set_.corpus.left_out);
    set_.lines = std::ssize(source_.lines);
    set_.corpus.source = sources_.finish();
    set_.corpus.target = targets_.finish();
    if (std::ssize(numbers_) < std::ssize(source_.lines)) {
      data::TokenStoreBuilder numbers;
      numbers.add(numbers_);
      set_.corpus.numbers = numbers.finish();
    }
    return std::move(set_);
  }

 private:
  data::LinePair pair(size_t line, size_t reference) const {
    const auto number = static_cast<int64_t>(line);
    return {.number = number,
            .files = &places_[reference],
            .line = number + 1,
            .source = source_.lines[line],
            .target = references_[reference].lines[line],
            .valid = source_.valid[line] && references_[reference].valid[line],
            .corpus = 0,
            .tag = {},
            .weight = 1};
  }

  void add_pair(const data::TokenPair& tokens) {
    set_.copied.push_back(text_.copied_words(tokens.source));
    set_.source_tokens.push_back(tokens.source);
    sources_.add(text_.source_ids(tokens.source));
    targets_.add(text_.target_ids(tokens.target, set_.copied.back()));
    numbers_.push_back(tokens.number);
  }

  const TextFile& source_;
  std::span<const TextFile> references_;
  const data::TextPipeline& text_;
  data::PairFilter filter_;
  std::vector<data::TrainFiles> places_;  // for each reference, with its source, for errors
  data::TokenStoreBuilder sources_, targets_;
  std::vector<int64_t> numbers_;
  EvaluationSet set_;
};

}  // namespace

std::vector<int64_t> EvaluationSet::all() const {
  std::vector<int64_t> numbers(static_cast<size_t>(corpus.pairs()));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void check_line_counts(const data::FilePair& files, data::InvalidUtf8 invalid) {
  read_files(files, invalid, data::configured_remedy);
}

EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text,
                                  const std::string& remedy) {
  const auto all = read_files(files, text.options().invalid_utf8, remedy);
  SetBuilder builder(all, text);
  for (size_t line = 0; line < all.front().lines.size(); ++line) builder.add(line);
  return builder.finish();
}

}  // namespace seq2seq::run
