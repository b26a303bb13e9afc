#include "seq2seq/core/random.h"

#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace seq2seq {

namespace {

uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32U); }
uint64_t joined(uint32_t low, uint32_t high) { return uint64_t{low} | (uint64_t{high} << 32U); }

/// The 64-bit words of one stream, one after another.
class Words {
 public:
  Words(const RandomStream& stream, uint64_t salt) : stream_(stream), salt_(salt) {}

  uint64_t next() {
    if (second_) return second_ = false, joined(words_[2], words_[3]);
    words_ = stream_.draw(salt_, index_++);
    return second_ = true, joined(words_[0], words_[1]);
  }

  /// Returns a whole number below `bound`, uniformly distributed. Lemire 2019, "Fast random integer generation in an
  /// interval".
  uint64_t below(uint64_t bound) {
    for (;;) {
      const auto product = static_cast<Wide>(next()) * bound;
      const auto rest = static_cast<uint64_t>(product);
      if (rest >= bound || rest >= (0 - bound) % bound) return static_cast<uint64_t>(product >> 64U);
    }
  }

 private:
  __extension__ using Wide = unsigned __int128;
  const RandomStream& stream_;
  uint64_t salt_;
  uint32_t index_ = 0;
  std::array<uint32_t, 4> words_{};
  bool second_ = false;
};

void check_count(int64_t count) {
  if (count < 0 || count > int64_t{std::numeric_limits<uint32_t>::max()})
    throw std::invalid_argument("cannot draw this many numbers at once; the limit is 2^32 - 1");
}

}  // namespace

uint32_t hash_of_name(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  // Multipliers and Weyl constants of Philox 4x32, table 2 and section 4.3 of the paper.
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xD2511F53} * counter[0];
    const uint64_t second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {high(second) ^ counter[1] ^ key[0], low(second), high(first) ^ counter[3] ^ key[1], low(first)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

std::array<uint32_t, 4> RandomStream::draw(uint64_t a, uint32_t b) const {
  return philox({low(a), high(a), b, static_cast<uint32_t>(purpose_)}, {low(seed_), high(seed_)});
}

double RandomStream::uniform(uint64_t a, uint32_t b) const {
  const auto words = draw(a, b);
  return static_cast<double>(joined(words[0], words[1]) >> 11U) * 0x1p-53;
}

std::vector<int64_t> permutation(int64_t count, const RandomStream& stream, uint64_t salt) {
  check_count(count);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Words words(stream, salt);
  for (size_t last = order.size(); last > 1; --last)
    std::swap(order[last - 1], order[words.below(last)]);  // Fisher and Yates
  return order;
}

std::vector<int64_t> draws_below(int64_t bound, int64_t count, const RandomStream& stream, uint64_t salt) {
  check_count(count);
  if (bound < 1 && count > 0)
    throw std::invalid_argument("cannot draw from an empty range: `bound` must be at least 1");
  std::vector<int64_t> drawn(static_cast<size_t>(count));
  Words words(stream, salt);
  for (auto& number : drawn) number = static_cast<int64_t>(words.below(static_cast<uint64_t>(bound)));
  return drawn;
}

}  // namespace seq2seq
