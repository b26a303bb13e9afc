#pragma once

// Helpers of all searches for the best words of a row.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "seq2seq/nn/kernels/ranking/ranking.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn::cpu {

inline constexpr float impossible_score = -std::numeric_limits<float>::infinity();

/// Words that may not come next.
struct BannedWords {
  std::vector<int64_t> everywhere;  // ascending
  std::vector<int64_t> of_rows;     // of the first row, ascending, then of the second, ...
  std::vector<int64_t> offsets;     // [R + 1] where each row's begin; empty: no row has any

  /// Makes the scores of banned words among `words` impossible; `scores` begins with the first of these.
  void apply(int64_t row, Range words, float* scores) const {
    const auto among = [&](const int64_t* first, const int64_t* last) {
      for (first = std::lower_bound(first, last, words.first); first != last && *first < words.last; ++first)
        scores[*first - words.first] = impossible_score;
    };
    among(everywhere.data(), everywhere.data() + everywhere.size());
    if (offsets.empty()) return;
    const auto at = static_cast<size_t>(row);
    among(of_rows.data() + offsets[at], of_rows.data() + offsets[at + 1]);
  }
};

/// The best words of a row so far, best first, equal ones in the order in which they came.
class BestList {
 public:
  BestList(float* scores, int32_t* ids, int64_t& size, int64_t k) : scores_(scores), ids_(ids), size_(size), k_(k) {}

  int64_t size() const { return size_; }
  float score(int64_t place) const { return scores_[place]; }
  int32_t id(int64_t place) const { return ids_[place]; }
  /// A word must score more than this to be among them.
  float bound() const { return size_ < k_ ? impossible_score : scores_[k_ - 1]; }

  void add(float score, int32_t id) {
    if (!(score > bound())) return;
    int64_t place = size_ < k_ ? size_++ : k_ - 1;
    for (; place > 0 && scores_[place - 1] < score; --place) {
      scores_[place] = scores_[place - 1];
      ids_[place] = ids_[place - 1];
    }
    scores_[place] = score;
    ids_[place] = id;
  }

  /// Writes the ids, then those of words that are not in the list, which are impossible, up to k.
  void write(double* scores, int64_t* ids) const {
    std::copy_n(ids_, size_, ids);
    int64_t next = 0;
    for (int64_t i = size_; i < k_; ++next) {
      if (std::find(ids, ids + size_, next) != ids + size_) continue;
      scores[i] = impossible_score;
      ids[i++] = next;
    }
  }

 private:
  float* scores_;
  int32_t* ids_;
  int64_t& size_;
  int64_t k_;
};

/// log sum exp of a row's logits, from the sums of its tiles in their order.
inline float normalizer(const kernels::ExponentialSum* sums, int64_t tiles) {
  float largest = impossible_score, total = 0;
  for (int64_t tile = 0; tile < tiles; ++tile) largest = std::max(largest, sums[tile].largest);
  for (int64_t tile = 0; tile < tiles; ++tile) total += sums[tile].sum * std::exp(sums[tile].largest - largest);
  return largest + std::log(total);
}

}  // namespace seq2seq::nn::cpu
