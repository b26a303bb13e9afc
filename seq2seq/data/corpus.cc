#include "seq2seq/data/corpus.h"

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/alignment.h"
#include "seq2seq/data/clean/pair_reader.h"

namespace seq2seq::data {

namespace {

TokenStore store_of(const std::vector<int64_t>& ids) {
  TokenStoreBuilder builder;
  builder.add(ids);
  return builder.finish();
}

std::string digest_of(std::initializer_list<const std::vector<std::filesystem::path>*> lists,
                      const std::function<void()>& between_blocks) {
  Sha256 digest;
  for (const auto* files : lists) {
    for (const auto& file : *files) digest.add((file.empty() ? "none" : sha256_of_file(file, between_blocks)) + "\n");
  }
  return digest.finish();
}

}  // namespace

void Corpus::release_pages() const {
  for (const auto* store : {&source, &target, &numbers, &weights, &links}) store->release_pages();
}

Error no_pair_left(const TrainFiles& files, const LeftOut& left_out) {
  return Error(Place{files.first().string(), 0, 0, {}}, "all pairs were left out: " + left_out.text(),
               "Relax `data.max_length` or `data.clean`, or check that the files belong together");
}

Corpus read_corpus(const TrainFiles& files, const TextPipeline& text) {
  PairReader reader(files, text.options(), text.source_tokenizer(), text.target_tokenizer());
  TokenStoreBuilder source, target, links;
  std::vector<int64_t> numbers, weights;
  std::vector<int64_t> pairs_of(files.corpora());
  for (TokenPair pair; reader.next(pair);) {
    source.add(text.source_ids(pair.source));
    target.add(text.target_ids(pair.target, text.copied_words(pair.source)));
    numbers.push_back(pair.number);
    if (!files.weights.empty()) weights.push_back(stored_weight(pair.weight));
    if (!files.alignment.empty()) links.add(stored_links(pair.links));
    ++pairs_of[pair.corpus];
  }
  if (numbers.empty()) throw no_pair_left(files, reader.left_out());
  const bool all = numbers.back() == std::ssize(numbers) - 1;
  return {.source = source.finish(),
          .target = target.finish(),
          .numbers = all ? TokenStore() : store_of(numbers),
          .left_out = reader.left_out(),
          .pairs_of = std::move(pairs_of),
          .repeat = files.repeat,
          .weights = store_of(weights),
          .links = files.alignment.empty() ? TokenStore() : links.finish()};
}

std::string content_digest(const TrainFiles& files, const std::function<void()>& between_blocks) {
  auto text = digest_of({&files.source, &files.target}, between_blocks);
  if (!files.pairs.empty()) text = sha256(text + "pairs" + digest_of({&files.pairs}, between_blocks));
  if (!files.weights.empty()) text = sha256(text + digest_of({&files.weights}, between_blocks));
  return files.alignment.empty() ? text : sha256(text + "alignment" + digest_of({&files.alignment}, between_blocks));
}

std::string content_digest(const FilePair& files) {
  const std::vector<std::filesystem::path> source{files.source};
  return digest_of({&source, &files.target}, {});
}

}  // namespace seq2seq::data
