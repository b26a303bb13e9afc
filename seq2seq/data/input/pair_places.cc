#include "seq2seq/data/input/pair_places.h"

#include <cstddef>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::data {
namespace {

int64_t count_lines(const std::filesystem::path& file) {
  LineReader reader(file, InvalidUtf8::drop);
  std::string line;
  while (reader.next(line)) {
  }
  return reader.lines();
}

}  // namespace

PairPlaces::PairPlaces(const TrainFiles& files) : files_(files.one_sided() ? files.target : files.source) {
  files_.insert(files_.end(), files.pairs.begin(), files.pairs.end());
}

std::string PairPlaces::operator()(int64_t number) {
  int64_t line = number;
  try {
    for (std::size_t corpus = 0; corpus < files_.size(); ++corpus) {
      const bool is_last = corpus + 1 == files_.size();
      if (!is_last && corpus == lines_.size()) lines_.push_back(count_lines(files_[corpus]));
      if (is_last || line < lines_[corpus]) return fmt::format("{}:{}", files_[corpus].string(), line + 1);
      line -= lines_[corpus];
    }
  } catch (const Error&) {  // the text below does without the file
  }
  return fmt::format("pair {} of the training text", format_count(number + 1));
}

}  // namespace seq2seq::data
