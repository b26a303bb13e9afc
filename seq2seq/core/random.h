#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace seq2seq {

/// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four words of 32 bits that
/// depend only on counter and key. Every draw of the program is such a function, so a resume needs no generator state.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// FNV-1a: returns a number of 32 bits for a name, the same on every machine.
uint32_t hash_of_name(std::string_view name);

/// Purpose of a draw. Two purposes never share a stream, for any counters.
enum class Purpose : uint32_t { parameters = 1, shuffle = 2, dropout = 3, sampling = 4, segmentation = 5, forcing = 6 };

/// The stream of one purpose and seed; `draw(a, b)` depends only on (seed, purpose, a, b).
class RandomStream {
 public:
  RandomStream(uint64_t seed, Purpose purpose) : seed_(seed), purpose_(purpose) {}
  std::array<uint32_t, 4> draw(uint64_t a, uint32_t b) const;
  double uniform(uint64_t a, uint32_t b) const;  // in [0, 1), 53 bits

 private:
  uint64_t seed_;
  Purpose purpose_;
};

/// Returns a permutation of 0 .. count-1 that depends only on (stream, salt).
std::vector<int64_t> permutation(int64_t count, const RandomStream& stream, uint64_t salt);

/// Returns `count` numbers of 0 .. bound-1, drawn independently, that depend only on (stream, salt).
std::vector<int64_t> draws_below(int64_t bound, int64_t count, const RandomStream& stream, uint64_t salt);

}  // namespace seq2seq
