#include "seq2seq/text/draws.h"

#include <stdexcept>

namespace seq2seq::text {
namespace {

constexpr uint32_t kPairBits = 40, kEpochBits = 24, kSideBit = 31;

uint64_t line_number(uint64_t epoch, uint64_t pair) {
  if ((pair >> kPairBits) != 0 || (epoch >> kEpochBits) != 0) {
    throw std::invalid_argument("draws are numbered by 40 bits for the pair and 24 for the epoch");
  }
  return epoch << kPairBits | pair;
}

}  // namespace

Draws::Draws(uint64_t seed, Side side, uint64_t epoch, uint64_t pair)
    : stream_(seed, Purpose::segmentation),
      line_(line_number(epoch, pair)),
      index_(static_cast<uint32_t>(side) << kSideBit) {}

double Draws::next() { return stream_.uniform(line_, index_++); }

}  // namespace seq2seq::text
