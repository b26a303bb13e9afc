#include "seq2seq/data/input/line_pairs.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/unequal_lines.h"

namespace seq2seq::data {
namespace {

Place place_in(const TrainFiles& files, const std::vector<std::filesystem::path>& side, std::size_t corpus,
               int64_t line) {
  return {(corpus < side.size() ? side[corpus] : files.pairs[corpus - side.size()]).string(), line, 0, {}};
}

[[noreturn]] void throw_unequal(LineReader& one, LineReader& other) {
  std::string rest;
  while (one.next(rest)) {
  }
  while (other.next(rest)) {
  }
  throw unequal_lines({one.file(), one.lines()}, {other.file(), other.lines()},
                      "line n of one file belongs to line n of the other",
                      "Find the missing or extra line, or use other files");
}

/// Vocabularies and digests need passes of their own, so a pipe would be empty or block.
void check_rereadable(const std::filesystem::path& file) {
  std::error_code unknown;
  const auto status = std::filesystem::status(file, unknown);
  if (std::filesystem::is_fifo(status) || std::filesystem::is_socket(status))
    throw Error(Place{.file = file.string()}, "is a pipe, but training text is read several times",
                "Write it to a file first");
}

void check_one_each(std::size_t corpora, std::size_t items, const char* what) {
  if (items == 0 || items == corpora) return;
  throw Error(fmt::format("{} for {} {}", format_count(static_cast<int64_t>(items), what), corpora,
                          corpora == 1 ? "corpus" : "corpora"),
              "Give one for each, in the order of the files");
}

}  // namespace

Place LinePair::source_place() const {
  return files->one_sided() ? target_place() : place_in(*files, files->source, corpus, line);
}
Place LinePair::target_place() const { return place_in(*files, files->target, corpus, line); }
Place LinePair::alignment_place() const { return {files->alignment.at(corpus).string(), line, 0, {}}; }

LinePairs::LinePairs(TrainFiles files, InvalidUtf8 invalid, std::string remedy)
    : files_(std::move(files)), invalid_(invalid), remedy_(std::move(remedy)) {
  if (!files_.one_sided() && files_.source.size() != files_.target.size()) {
    throw Error(fmt::format("{} of source sentences, but {} of targets",
                            format_count(static_cast<int64_t>(files_.source.size()), "file"), files_.target.size()),
                "Give the same number of both, in the same order");
  }
  for (const auto* list : {&files_.source, &files_.target, &files_.pairs, &files_.weights, &files_.alignment})
    for (const auto& file : *list) check_rereadable(file);
  check_one_each(files_.corpora(), files_.tags.size(), "tag");
  check_one_each(files_.corpora(), files_.weights.size(), "weight file");
  check_one_each(files_.corpora(), files_.alignment.size(), "alignment");
  open_next();
}

bool LinePairs::open_next() {
  if (source_) finished_ += source_->consumed() + (target_ ? target_->consumed() : 0);
  const std::size_t both = files_.source.size();
  const std::size_t next = opened_++;
  source_.reset();
  target_.reset();
  weights_.reset();
  alignment_.reset();
  if (files_.one_sided()) {
    if (next < files_.target.size()) source_.emplace(files_.target[next], invalid_, remedy_);
  } else if (next < both) {
    source_.emplace(files_.source[next], invalid_, remedy_);
    target_.emplace(files_.target[next], invalid_, remedy_);
  } else if (next < both + files_.pairs.size()) {
    source_.emplace(files_.pairs[next - both], invalid_, remedy_);
  }
  if (source_ && !files_.weights.empty() && !files_.weights[next].empty()) weights_.emplace(files_.weights[next]);
  if (source_ && !files_.alignment.empty() && !files_.alignment[next].empty())
    alignment_.emplace(files_.alignment[next]);
  return source_.has_value();
}

bool LinePairs::next(LinePair& pair) {
  while (source_) {
    const bool more = target_ ? next_lines(pair) : files_.one_sided() ? next_target(pair) : next_columns(pair);
    next_weight(pair, more);
    next_links(pair, more);
    if (more) {
      pair.number = number_++;
      pair.files = &files_;
      pair.line = source_->lines();
      pair.corpus = opened_ - 1;
      pair.tag = files_.tags.empty() ? std::string() : files_.tags[pair.corpus];
      return true;
    }
    open_next();
  }
  return false;
}

bool LinePairs::next_lines(LinePair& pair) {
  const bool source = source_->next(pair.source);
  const bool target = target_->next(pair.target);
  if (source != target) throw_unequal(*source_, *target_);
  if (!source && source_->lines() == 0) {
    throw Error(Place{source_->file().string(), 0, 0, {}},
                fmt::format("is empty, and so is {}; expected at least one line", target_->file().string()));
  }
  pair.valid = source_->valid() && target_->valid();
  return source;
}

bool LinePairs::next_columns(LinePair& pair) {
  if (!source_->next(pair.source)) {
    if (source_->lines() > 0) return false;
    throw Error(Place{source_->file().string(), 0, 0, {}}, "is empty; expected at least one line");
  }
  pair.valid = source_->valid();
  pair.target.clear();
  if (!pair.valid) return true;
  const std::size_t tab = pair.source.find('\t');
  if (tab == std::string::npos || pair.source.find('\t', tab + 1) != std::string::npos) {
    throw Error(Place{source_->file().string(), source_->lines(), 0, {}},
                tab == std::string::npos ? "has no tab" : "has more than one tab",
                "A line is a source sentence, a tab and its target. `cut -f1,2` keeps the first two columns of a file");
  }
  pair.target = pair.source.substr(tab + 1);
  pair.source.resize(tab);
  return true;
}

bool LinePairs::next_target(LinePair& pair) {
  pair.source.clear();
  const bool more = source_->next(pair.target);
  if (!more && source_->lines() == 0)
    throw Error(Place{source_->file().string(), 0, 0, {}}, "is empty; at least one line is expected");
  pair.valid = source_->valid();
  return more;
}

void LinePairs::next_weight(LinePair& pair, bool more) {
  pair.weight = 1;
  if (!weights_) return;
  const auto weight = weights_->next();
  if (weight.has_value() != more) throw_unequal(weights_->lines(), *source_);
  pair.weight = weight.value_or(1);
}

void LinePairs::next_links(LinePair& pair, bool more) {
  pair.links.clear();
  if (!alignment_) return;
  auto links = alignment_->next();
  if (links.has_value() != more) throw_unequal(alignment_->lines(), *source_);
  if (links) pair.links = std::move(*links);
}

int64_t bytes_of(const TrainFiles& files) {
  int64_t bytes = 0;
  for (const auto* side : {&files.source, &files.target, &files.pairs}) {
    for (const auto& file : *side) {
      std::error_code unknown;
      const auto size = std::filesystem::file_size(file, unknown);
      if (!unknown) bytes += static_cast<int64_t>(size);
    }
  }
  return bytes;
}

}  // namespace seq2seq::data
