#include "seq2seq/data/corpus.h"

#include <limits>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/pair_reader.h"

namespace seq2seq::data {

void TokenStore::add(const std::vector<int64_t>& ids) {
  for (const int64_t id : ids) {
    if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
      throw Error(fmt::format("word id {} does not fit a token store", id));
    }
    ids_.push_back(static_cast<int32_t>(id));
  }
  offsets_.push_back(static_cast<int64_t>(ids_.size()));
}

int64_t TokenStore::length(int64_t sentence) const {
  const auto index = static_cast<std::size_t>(sentence);
  return offsets_.at(index + 1) - offsets_[index];
}

std::vector<int64_t> TokenStore::operator[](int64_t sentence) const {
  const auto index = static_cast<std::size_t>(sentence);
  const int64_t last = offsets_.at(index + 1);
  return {ids_.begin() + offsets_[index], ids_.begin() + last};
}

Corpus read_corpus(const FilePair& files, const TextPipeline& text, bool leave_out_long) {
  const auto& options = text.options();
  PairReader reader(files, options.invalid_utf8, leave_out_long ? options.max_length : 0, text.source_tokenizer(),
                    text.target_tokenizer());
  Corpus corpus;
  for (PairReader::Pair pair; reader.next(pair);) {
    corpus.source.add(text.source_ids(pair.source));
    corpus.target.add(text.target_ids(pair.target));
    corpus.numbers.push_back(pair.number);
  }
  corpus.too_long = reader.left_out().too_long;
  corpus.invalid = reader.left_out().invalid;
  corpus.empty_target = reader.left_out().empty_target;
  if (corpus.pairs() == 0) {
    throw Error(Place{files.source.string(), 0, 0, {}},
                fmt::format("no pair is left: {} too long, {} not UTF-8, {} with an empty target", corpus.too_long,
                            corpus.invalid, corpus.empty_target));
  }
  return corpus;
}

std::string content_digest(const FilePair& files) {
  Sha256 digest;
  digest.add(sha256_of_file(files.source) + "\n");
  for (const auto& target : files.target) digest.add(sha256_of_file(target) + "\n");
  return digest.finish();
}

}  // namespace seq2seq::data
