#include "seq2seq/data/repeat.h"

#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::data {
namespace {

/// Different from the salts of an epoch's shuffling, which are below 2^63.
uint64_t salt_of(std::size_t corpus, int64_t epoch) {
  constexpr unsigned kDraws = 63, kCorpus = 40;
  return uint64_t{1} << kDraws | static_cast<uint64_t>(corpus) << kCorpus | static_cast<uint64_t>(epoch);
}

}  // namespace

std::vector<int64_t> repeated_pairs(const Corpus& corpus, const RandomStream& stream, int64_t epoch) {
  if (corpus.repeat.size() != corpus.pairs_of.size()) {
    throw Error(fmt::format("`data.train.repeat` has {}, but the training text has {} {}",
                            format_count(std::ssize(corpus.repeat), "number"), corpus.pairs_of.size(),
                            corpus.pairs_of.size() == 1 ? "corpus" : "corpora"));
  }
  std::vector<int64_t> pairs;
  int64_t first = 0;
  for (std::size_t part = 0; part < corpus.repeat.size(); ++part) {
    const int64_t count = corpus.pairs_of[part];
    const auto whole = static_cast<int64_t>(std::floor(corpus.repeat[part]));
    auto more = std::llround((corpus.repeat[part] - static_cast<double>(whole)) * static_cast<double>(count));
    pairs.reserve(pairs.size() + static_cast<std::size_t>(whole * count + more));
    for (int64_t i = 0; i < count; ++i) {
      // Takes each pair with probability (places left) / (pairs left): Knuth, The Art of Computer Programming, volume
      // 2, section 3.4.2, algorithm S. Needs no list of the pairs.
      const bool once_more =
          more > 0 && static_cast<double>(count - i) * stream.uniform(salt_of(part, epoch), static_cast<uint32_t>(i)) <
                          static_cast<double>(more);
      more -= once_more ? 1 : 0;
      pairs.insert(pairs.end(), static_cast<std::size_t>(whole + (once_more ? 1 : 0)), first + i);
    }
    first += count;
  }
  return pairs;
}

}  // namespace seq2seq::data
