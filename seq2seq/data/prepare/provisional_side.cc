#include "seq2seq/data/prepare/provisional_side.h"

#include <algorithm>
#include <iterator>
#include <system_error>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/file_target.h"
#include "seq2seq/data/store/token_store.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {
namespace {

constexpr int64_t kMostWords = int64_t{1} << 32;     // the range of four bytes
constexpr std::size_t kLengths = 201;                // of the histogram: 0 to 199 tokens, and more
constexpr int64_t kReleaseAfterSentences = 100'000;  // sentences

}  // namespace

ProvisionalSide::ProvisionalSide(Files& files, const std::filesystem::path& tokens)
    : files_(files), file_(temporary_beside(tokens, "provisional")), writer_(files, file_, kMostWords) {}

void ProvisionalSide::add(const std::vector<std::string>& sentence) {
  ids_.clear();
  for (const auto& word : sentence) {
    auto found = numbers_.find(std::string_view(word));
    if (found == numbers_.end()) {
      found = numbers_.emplace(word, std::ssize(counts_)).first;
      counts_.push_back(0);
    }
    ++counts_[static_cast<std::size_t>(found->second)];
    ids_.push_back(found->second);
  }
  writer_.add(ids_);
}

/// Writes the words and returns the id of every number. A word that is spelled like a special symbol gets the id of the
/// unknown word.
std::vector<int64_t> ProvisionalSide::write_words(const std::filesystem::path& words, SideSummary& summary) const {
  text::VocabularyBuilder builder;
  for (const auto& [word, number] : numbers_) builder.add(word, counts_[static_cast<std::size_t>(number)]);
  const auto all = builder.build({});
  const auto bytes = all.serialize();
  write_atomically(files_, words, bytes);
  summary.words = std::ssize(all.words());
  summary.words_sha256 = sha256(bytes);
  std::vector<int64_t> ids(counts_.size());
  for (const auto& [word, number] : numbers_) ids[static_cast<std::size_t>(number)] = all.id(word);
  return ids;
}

void ProvisionalSide::finish(const std::filesystem::path& tokens, const std::filesystem::path& words,
                             SideSummary& summary) {
  writer_.finish();
  summary.lengths.resize(kLengths);
  const auto ids_by_number = write_words(words, summary);
  const auto provisional = TokenStore::open(file_, /*verify=*/false);
  StoreWriter writer(files_, tokens, summary.words + text::special_count);
  for (int64_t i = 0; i < provisional.size(); ++i) {
    auto ids = provisional[i];
    for (auto& id : ids) id = ids_by_number[static_cast<std::size_t>(id)];
    ++summary.lengths[std::min(ids.size(), kLengths - 1)];
    writer.add(ids);
    if (i % kReleaseAfterSentences == 0) provisional.release_pages();
  }
  summary.tokens = writer.tokens();
  writer.finish();
  files_.remove(file_);
}

}  // namespace seq2seq::data
