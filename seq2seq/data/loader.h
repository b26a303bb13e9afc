#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/data/ahead.h"
#include "seq2seq/data/batch_stream.h"

namespace seq2seq::data {

/// The batches of a stream, some of them made ahead on another thread. What it gives does not depend on how many. The
/// thread makes batches as plain work of one core: it never enters LibTorch's threads, which belong to the model.
class Loader {
 public:
  /// `ahead`: batches; 0: each is made when it is asked for, on the caller's thread. What the stream looks at must
  /// outlive the loader.
  Loader(BatchStream stream, int64_t ahead);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// The next batch. Throws what making it threw.
  StreamedBatch next() { return ahead_ ? ahead_->next() : stream_.next(); }

 private:
  BatchStream stream_;
  std::unique_ptr<Ahead<StreamedBatch>> ahead_;  // after the stream, which its thread uses
};

}  // namespace seq2seq::data
