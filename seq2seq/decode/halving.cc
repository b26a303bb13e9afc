#include "seq2seq/decode/halving.h"

#include <exception>
#include <memory>

#include <fmt/format.h>

#include "seq2seq/core/device.h"

namespace seq2seq::decode {

Done on_small_memory(Log* log) {
  Done done;
  if (log == nullptr) return done;
  done.halved = [log, said = std::make_shared<bool>(false)](int64_t sentences) {
    if (!std::exchange(*said, true))
      log->warn(fmt::format("memory does not suffice for {} sentences together; each batch that does not fit is halved",
                            sentences));
  };
  return done;
}

bool Halving::fits(int64_t together, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (...) {
    if (!is_out_of_memory(std::current_exception()) || together <= 1) throw;
  }
  if (done_.halved && !halved_) done_.halved(together);
  halved_ = true;
  most_ = (together + 1) / 2;
  return false;
}

}  // namespace seq2seq::decode
