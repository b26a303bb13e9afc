#include "seq2seq/data/loader.h"

#include <utility>

namespace seq2seq::data {

Loader::Loader(BatchStream stream, int64_t ahead) : stream_(std::move(stream)) {
  if (ahead == 0) return;
  ahead_ = std::make_unique<Ahead<StreamedBatch>>([this] { return stream_.next(); }, static_cast<std::size_t>(ahead));
}

}  // namespace seq2seq::data
