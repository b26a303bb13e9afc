#include "seq2seq/decode/hypothesis.h"

#include <algorithm>
#include <cmath>

#include "seq2seq/core/error.h"

namespace seq2seq::decode {

void check_is_number(double token_score) {
  if (!std::isnan(token_score)) return;
  throw Error("the model's probabilities are NaN: its training has probably diverged",
              "Use an earlier checkpoint (`--checkpoint N`)");
}

bool better(const Hypothesis& a, const Hypothesis& b) {
  return a.ranking_score != b.ranking_score ? a.ranking_score > b.ranking_score : a.ids < b.ids;
}

int64_t Paths::add(int64_t parent, int64_t word, double token_score) {
  nodes_.push_back({parent, word, token_score});
  return static_cast<int64_t>(nodes_.size()) - 1;
}

Hypothesis Paths::trace(int64_t end) const {
  Hypothesis hypothesis;
  while (end != root) {
    const Node& node = nodes_[static_cast<size_t>(end)];
    hypothesis.ids.push_back(node.word);
    hypothesis.token_scores.push_back(node.token_score);
    end = node.parent;
  }
  std::reverse(hypothesis.ids.begin(), hypothesis.ids.end());
  std::reverse(hypothesis.token_scores.begin(), hypothesis.token_scores.end());
  for (const double token_score : hypothesis.token_scores) hypothesis.score += token_score;
  return hypothesis;
}

}  // namespace seq2seq::decode
