#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/data/ahead.h"
#include "seq2seq/data/batch_stream.h"

namespace seq2seq::data {

/// Makes batches of a stream in advance on another thread. The batches do not depend on how many are made in advance.
/// The thread works on one core and never uses LibTorch's thread pool, which belongs to the model.
class Loader {
 public:
  /// `ahead`: number of batches; 0: each is made on demand, on the caller's thread. The data of the stream must outlive
  /// the loader.
  Loader(BatchStream stream, int64_t ahead);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// Returns the next batch. Rethrows errors from making it.
  StreamedBatch next() { return ahead_ ? ahead_->next() : stream_.next(); }

 private:
  BatchStream stream_;
  std::unique_ptr<Ahead<StreamedBatch>> ahead_;  // after the stream, which its thread uses
};

}  // namespace seq2seq::data
