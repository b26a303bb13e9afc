#include "seq2seq/data/batch_stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {
namespace {

// Reading a page of a file maps up to 16 of its neighbours (64 KiB), and a pair reads four: its ids and its offset on
// either side. So 500 pairs hold at most 128 MB.
constexpr int64_t kReleaseAfterPairs = 500;  // pairs

}  // namespace

BatchStream::BatchStream(const Corpus& corpus, const TextPipeline& text, const BatchOptions& options, uint64_t seed,
                         const DataPosition& from, const Deal& deal)
    : corpus_(&corpus),
      text_(&text),
      resampler_(corpus, text, seed),
      options_(options),
      seed_(seed),
      next_(from),
      deal_(deal) {
  plan_ = plan_epoch(corpus, options_, seed_, next_.epoch);
  if (plan_.batches() == 0) {
    throw Error("no training pairs",
                "Check that the files of `data.train` have pairs no longer than `data.max_length`, and that "
                "`data.train.repeat` does not leave all of them out");
  }
  if (next_.batch >= batches()) {
    throw FormatError(fmt::format(
        "the checkpoint was written after {} batches of an epoch, which now has only {}: the training data has changed",
        next_.batch, batches()));
  }
}

StreamedBatch BatchStream::next() {
  if (next_.batch == batches()) {
    next_ = {.epoch = next_.epoch + 1, .batch = 0};
    plan_ = {};  // freed before the next plan is made
    plan_ = plan_epoch(*corpus_, options_, seed_, next_.epoch);
  }
  const auto pairs = plan_[next_.batch];
  StreamedBatch made{make_batch(*corpus_, dealt(pairs, *corpus_, deal_), *text_, resampler_, next_.epoch), next_,
                     batches()};
  if (deal_.ranks > 1) made.batch.joint = counts(pairs);
  release_pages(std::ssize(pairs));
  ++next_.batch;
  return made;
}

BatchCounts BatchStream::counts(std::span<const int64_t> pairs) const {
  const auto one_word = std::ssize(text_->encoder_ids({text::unknown_id}));  // 0 without a source
  const auto ends = one_word - 1;                                            // symbols beside a source's words
  BatchCounts counts{.sentences = std::ssize(pairs)};
  for (const int64_t pair : pairs) {
    if (one_word > 0) counts.source_tokens += std::max<int64_t>(1, resampler_.source_length(pair, next_.epoch) + ends);
    counts.target_tokens += resampler_.target_length(pair, next_.epoch) + 1;
  }
  return counts;
}

void BatchStream::release_pages(int64_t pairs) {
  pairs_read_ += pairs;
  if (pairs_read_ < kReleaseAfterPairs) return;
  corpus_->release_pages();
  pairs_read_ = 0;
}

}  // namespace seq2seq::data
