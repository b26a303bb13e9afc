#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::test {

/// Options of random_groups().
inline std::vector<std::string> group_shapes() {
  return {"sentences", "one query each", "shared keys", "windows", "one long", "nothing"};
}

/// Returns groups of one query, of one key, of none, of many; `shape`: the arrangement of their keys.
inline std::vector<nn::AttentionGroup> random_groups(unsigned seed, const std::string& shape) {
  std::mt19937 generator(seed);
  const auto below = [&](int64_t bound) { return static_cast<int64_t>(generator() % static_cast<uint64_t>(bound)); };
  const auto length = [&] { return std::vector<int64_t>{0, 1, 1, 2, 3, 5, 17, 33, 40}[static_cast<size_t>(below(9))]; };
  std::vector<nn::AttentionGroup> groups;
  nn::AttentionGroup next;
  const auto add = [&](int64_t queries, int64_t keys) {
    next.queries = queries;
    next.keys = keys;
    groups.push_back(next);
    next.first_query += queries;
  };
  if (shape == "nothing") return groups;
  if (shape == "one long") {
    add(70, 300);
    return groups;
  }
  for (int i = 0; i < 7; ++i) {
    if (shape == "windows") {  // of the same twelve keys, overlapping in random order
      next.first_key = below(12);
      add(below(3), std::min<int64_t>(12 - next.first_key, below(6)));
      continue;
    }
    const int64_t keys = length();
    add(shape == "sentences" ? length() : 1, keys);
    if (shape == "shared keys") {
      add(5, keys);
      add(below(3), keys);
    }
    next.first_key += keys;
  }
  if (shape == "shared keys") {  // again, far from the others
    auto first = groups.front();
    first.first_query = next.first_query;
    groups.push_back(first);
  }
  return groups;
}

}  // namespace seq2seq::test
