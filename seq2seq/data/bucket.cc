#include "seq2seq/data/bucket.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/data/repeat.h"

namespace seq2seq::data {
namespace {

/// Lengths of both sides of every pair. They are read in the order of the file, each page once; in the order of an
/// epoch each length would need another page.
class Lengths {
 public:
  explicit Lengths(const Corpus& corpus) : end_symbols_(corpus.source.tokens() == 0 ? 1 : 2) {
    constexpr int64_t kReleaseEvery = 1 << 20;  // pairs: 8 MB of offsets a side
    both_.reserve(static_cast<std::size_t>(corpus.pairs()));
    for (int64_t pair = 0; pair < corpus.pairs(); ++pair) {
      both_.push_back(static_cast<uint64_t>(corpus.source.length(pair)) << kBits |
                      static_cast<uint64_t>(corpus.target.length(pair)));
      if ((pair + 1) % kReleaseEvery == 0) corpus.release_pages();
    }
    corpus.release_pages();
  }
  /// Returns the key that sorts by source length, then by target length. Both sides of a batch are then alike, because
  /// many pairs share a source length.
  uint64_t order(int64_t pair) const { return both_[static_cast<std::size_t>(pair)]; }
  int64_t tokens(int64_t pair) const {
    constexpr uint64_t kTarget = (uint64_t{1} << kBits) - 1;
    return static_cast<int64_t>((order(pair) >> kBits) + (order(pair) & kTarget)) + end_symbols_;
  }

 private:
  static constexpr unsigned kBits = 32;
  int64_t end_symbols_;         // per pair; text without a source has one
  std::vector<uint64_t> both_;  // source, target
};

void sort_by_length(std::span<int64_t> pairs, const Lengths& lengths) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [&lengths](int64_t a, int64_t b) { return lengths.order(a) < lengths.order(b); });
}

std::vector<int64_t> shuffled_pairs(const Corpus& corpus, EpochDraw draw, const RandomStream& stream, int64_t epoch,
                                    uint64_t salt) {
  const auto order_of = [&](int64_t count) {
    return draw == EpochDraw::each_once ? permutation(count, stream, salt) : draws_below(count, count, stream, salt);
  };
  if (corpus.repeat.empty()) return order_of(corpus.pairs());
  const auto pairs = repeated_pairs(corpus, stream, epoch);
  auto order = order_of(std::ssize(pairs));
  for (auto& place : order) place = pairs[static_cast<std::size_t>(place)];
  return order;
}

/// Limits of a batch; 0: no limit.
struct Most {
  int64_t sentences, tokens;
};

/// Cuts pairs into runs within the limits `most`, but of at least one pair.
void cut(std::span<int64_t> pairs, const Lengths& lengths, const Most& most,
         const std::function<void(std::span<int64_t>)>& use) {
  std::size_t first = 0;
  int64_t held = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const int64_t more = lengths.tokens(pairs[i]);
    const auto count = static_cast<int64_t>(i - first);
    const bool full = (most.sentences > 0 && count == most.sentences) || (most.tokens > 0 && held + more > most.tokens);
    if (full && count > 0) {
      use(pairs.subspan(first, i - first));
      first = i;
      held = 0;
    }
    held += more;
  }
  if (!pairs.empty()) use(pairs.subspan(first));
}

}  // namespace

void declare(config::Keys& keys, BatchOptions& options) {
  keys.add("sentences", options.sentences, "pairs per batch; 0: no limit. Set this or `tokens`")
      .unit("pairs")
      .at_least(0)
      .at_most(1e9);
  keys.add("tokens", options.tokens,
           "tokens per batch, both sides with end symbols; a longer pair is a batch of its own; 0: no limit")
      .unit("tokens")
      .at_least(0)
      .at_most(1e9);
  keys.add("pool", options.pool,
           "batches sorted by length together. Larger: more similar lengths, faster; smaller: better shuffled")
      .unit("batches")
      .at_least(1)
      .at_most(1e6);
  keys.add("draw", options.draw,
           {{"each_once", EpochDraw::each_once}, {"with_replacement", EpochDraw::with_replacement}},
           "each_once: an epoch has every pair once; with_replacement: it has the same number of independent draws");
  keys.add("prefetch", options.prefetch, "updates prepared ahead on another thread; 0: none")
      .unit("updates")
      .at_least(0)
      .at_most(1e6)
      .changes_no_result();
  keys.rule("sentences", [&options] {
    return (options.sentences > 0) == (options.tokens > 0) ? "exactly one of `sentences` and `tokens` must be above 0"
                                                           : "";
  });
}

EpochPlan plan_epoch(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch) {
  if ((options.sentences > 0) == (options.tokens > 0)) {
    throw Error("exactly one of a batch's sentences and tokens must be above 0");
  }
  const RandomStream stream(seed, Purpose::shuffle);
  const uint64_t salt = 2 * static_cast<uint64_t>(epoch);  // even: pairs, odd: batches
  EpochPlan plan;
  plan.pairs_ = shuffled_pairs(corpus, options.draw, stream, epoch, salt);
  const Lengths lengths(corpus);
  std::vector<EpochPlan::Bounds> cuts;
  const Most batch{options.sentences, options.tokens};
  const Most pool{options.sentences * options.pool, options.tokens * options.pool};
  cut(plan.pairs_, lengths, pool, [&](std::span<int64_t> pairs) {
    sort_by_length(pairs, lengths);
    cut(pairs, lengths, batch, [&](std::span<int64_t> run) {
      cuts.push_back({.first = static_cast<std::size_t>(run.data() - plan.pairs_.data()), .count = run.size()});
    });
  });
  plan.bounds_.reserve(cuts.size());
  for (const int64_t place : permutation(std::ssize(cuts), stream, salt + 1)) {
    plan.bounds_.push_back(cuts[static_cast<std::size_t>(place)]);
  }
  return plan;
}

}  // namespace seq2seq::data
