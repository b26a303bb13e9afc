#include "seq2seq/train/trainer.h"

#include "seq2seq/train/session.h"

namespace seq2seq::train {

Outcome train(const TrainOptions& options, const Setup& setup, const RunFolder& folder,
              std::optional<int64_t> resume_from) {
  return Session(options, setup, folder, resume_from).run();
}

}  // namespace seq2seq::train
