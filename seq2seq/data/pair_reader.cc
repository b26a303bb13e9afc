#include "seq2seq/data/pair_reader.h"

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::data {
namespace {

const std::filesystem::path& first_target(const FilePair& files) {
  if (files.target.empty()) throw Error(Place{files.source.string(), 0, 0, {}}, "has no target file beside it");
  return files.target.front();
}

std::string lines_of(int64_t count) { return format_count(count) + (count == 1 ? " line" : " lines"); }

}  // namespace

PairReader::PairReader(const FilePair& files, InvalidUtf8 invalid, int64_t max_length, const text::Tokenizer& source,
                       const text::Tokenizer& target)
    : source_(files.source, invalid),
      target_(first_target(files), invalid),
      max_length_(max_length),
      source_tokenizer_(&source),
      target_tokenizer_(&target) {}

bool PairReader::next(Pair& pair) {
  while (next_lines()) {
    if (!source_.valid() || !target_.valid()) {
      ++left_out_.invalid;
      continue;
    }
    pair.number = source_.lines() - 1;
    pair.source = source_tokenizer_->tokenize(source_line_);
    pair.target = target_tokenizer_->tokenize(target_line_);
    const auto too_long = [this](const auto& tokens) { return max_length_ > 0 && std::ssize(tokens) > max_length_; };
    if (pair.target.empty()) {
      ++left_out_.empty_target;
    } else if (too_long(pair.source) || too_long(pair.target)) {
      ++left_out_.too_long;
    } else {
      return true;
    }
  }
  return false;
}

bool PairReader::next_lines() {
  const bool source = source_.next(source_line_);
  const bool target = target_.next(target_line_);
  if (source != target) throw_unequal();
  if (!source && source_.lines() == 0) {
    throw Error(Place{source_.file().string(), 0, 0, {}},
                fmt::format("is empty, and so is {}; at least one line is expected", target_.file().string()));
  }
  return source;
}

void PairReader::throw_unequal() {
  while (source_.next(source_line_)) {
  }
  while (target_.next(target_line_)) {
  }
  throw Error(Place{source_.file().string(), 0, 0, {}},
              fmt::format("has {}, but {} has {}; line n of the one belongs to line n of the other",
                          lines_of(source_.lines()), target_.file().string(), lines_of(target_.lines())),
              "Find the line that is missing or too many, or name other files");
}

}  // namespace seq2seq::data
