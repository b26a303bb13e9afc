#pragma once

// Distributes float32 attention on the CPU to threads.

#include <algorithm>
#include <cstdint>
#include <memory>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn::cpu {

/// MatrixRows of a matrix, or of some of its columns.
struct ConstMatrixRows {
  explicit ConstMatrixRows(const at::Tensor& matrix)
      : data(matrix.const_data_ptr<float>()), stride(matrix.stride(0)), width(matrix.size(1)) {}
  const float* row(int64_t number) const { return data + number * stride; }
  const float* data;
  int64_t stride, width;
};

struct MatrixRows {
  MatrixRows() = default;
  explicit MatrixRows(const at::Tensor& matrix)
      : data(matrix.mutable_data_ptr<float>()), stride(matrix.stride(0)), width(matrix.size(1)) {}
  float* row(int64_t number) const { return data + number * stride; }
  float* data = nullptr;
  int64_t stride = 0, width = 0;
};

/// Uninitialized memory for `size` floats.
using Room = std::unique_ptr<float[]>;
inline Room room_for(int64_t size) { return Room(new float[static_cast<size_t>(size)]); }

/// Below this number of multiply-adds, another thread is not worth waking.
inline constexpr int64_t cost_of_thread = 1 << 18;

/// Calls work(first, last) for parts of 0 .. count - 1 of about equal cost, on as many threads as are worth waking.
/// cost_before(i): the cost of all items before i, for i up to `count`.
template <class Cost, class Work>
void for_parts(int64_t count, Cost cost_before, Work work) {
  const int64_t total = cost_before(count);
  const int64_t parts = std::clamp<int64_t>(total / cost_of_thread, 1, at::get_num_threads());
  if (parts == 1) return work(0, count);
  const auto begin_of = [&](int64_t part) {
    int64_t low = 0, high = count;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (cost_before(middle) < total / parts * part) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part)
      work(begin_of(part), part + 1 == parts ? count : begin_of(part + 1));
  });
}

/// Calls work(group, scratch) for every group.
template <class Work>
void for_groups(const AttentionPairs& pairs, int64_t cost_of_pair, int64_t scratch, Work work) {
  const auto& groups = pairs.groups();
  const auto count = static_cast<int64_t>(groups.size());
  const auto cost_before = [&](int64_t i) {
    return cost_of_pair * (i == count ? pairs.pairs() : groups[static_cast<size_t>(i)].first_pair);
  };
  for_parts(count, cost_before, [&](int64_t first, int64_t last) {
    const auto room = room_for(scratch);
    for (int64_t i = first; i < last; ++i) work(groups[static_cast<size_t>(i)], room.get());
  });
}

/// Calls work(number of a group, scratch) for every group; groups of one set of keys run one after another on one
/// thread.
template <class Work>
void for_key_sets(const AttentionPairs& pairs, int64_t cost_of_pair, int64_t scratch, Work work) {
  const auto& sets = pairs.key_sets();
  const int64_t cost_of_set = pairs.pairs() * cost_of_pair / std::max<int64_t>(1, sets.size());
  for_parts(
      sets.size(), [&](int64_t i) { return i * cost_of_set; },
      [&](int64_t first, int64_t last) {
        const auto room = room_for(scratch);
        for (int64_t i = sets.first[static_cast<size_t>(first)]; i < sets.first[static_cast<size_t>(last)]; ++i)
          work(sets.order[static_cast<size_t>(i)], room.get());
      });
}

/// Calls work(part of the group, whether it is the first part) for `at_a_time` of its queries at a time.
template <class Work>
void for_queries(const AttentionGroup& group, int64_t at_a_time, Work work) {
  int64_t query = 0;
  do {  // also once for a group without queries: the derivatives of its keys are zero
    const int64_t queries = std::min(at_a_time, group.queries - query);
    work(AttentionGroup{.first_query = group.first_query + query,
                        .queries = queries,
                        .first_key = group.first_key,
                        .keys = group.keys,
                        .first_pair = group.first_pair + query * group.keys},
         query == 0);
    query += queries;
  } while (query < group.queries);
}

/// Returns true if each of the `keys` is in exactly one group of `pairs`, so that its derivative can be written instead
/// of added.
bool each_key_once(const AttentionPairs& pairs, int64_t keys);

}  // namespace seq2seq::nn::cpu
