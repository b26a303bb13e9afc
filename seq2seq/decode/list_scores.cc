#include "seq2seq/decode/list_scores.h"

#include <algorithm>
#include <map>
#include <utility>

#include <ATen/ops/tensor.h>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

/// Targets of a source as a decoder writes them, each with its end symbol, and the scores found so far.
struct Target {
  std::vector<int64_t> words;
  PairScore* score;
};

/// Targets that have begun alike.
struct Node {
  int64_t parent = 0;  // the node of the level before, at first the source
  int64_t word = text::start_id;
  std::vector<Target*> targets;
};

/// Walks the prefix trees of several sources together. Each node of a level is one hypothesis of the predictor.
class TreeWalk {
 public:
  TreeWalk(const Predictor& predictor, const Sources& sources)
      : predictor_(predictor), state_(predictor.start(sources)) {}

  /// Returns the number of steps made.
  int64_t run(std::vector<Node> level) {
    int64_t steps = 0;
    for (size_t depth = 0; !level.empty(); ++depth) {
      steps += std::ssize(level);
      read(level);
      std::vector<Node> next;
      for (int64_t first = 0; first < std::ssize(level); first += probability_rows) {
        const int64_t count = std::min(probability_rows, std::ssize(level) - first);
        score(level, first, count, depth, next);
      }
      level = std::move(next);
    }
    return steps;
  }

 private:
  void read(const std::vector<Node>& level) {
    std::vector<int64_t> survivors, words;
    for (const auto& node : level) {
      survivors.push_back(node.parent);
      words.push_back(node.word);
    }
    predictor_.read(*state_, at::tensor(survivors), at::tensor(words));
  }

  /// Scores the next word of every target below `count` nodes from `first` on, and adds the nodes that they go to.
  void score(const std::vector<Node>& level, int64_t first, int64_t count, size_t depth, std::vector<Node>& next) {
    std::vector<Node> children;
    std::vector<int64_t> rows, words;
    for (int64_t row = 0; row < count; ++row) {
      std::map<int64_t, std::vector<Target*>> by_word;
      for (auto* target : level[static_cast<size_t>(first + row)].targets)
        by_word[target->words[depth]].push_back(target);
      for (auto& [word, targets] : by_word) {
        rows.push_back(row);
        words.push_back(word);
        children.push_back({.parent = first + row, .word = word, .targets = std::move(targets)});
      }
    }
    const auto all = predictor_.log_probabilities(*state_, first, count);  // [count, V]
    const auto device = all.device();
    const auto chosen =
        all.index({at::tensor(rows).to(device), at::tensor(words).to(device)}).to(at::kCPU).contiguous();
    const auto* value = chosen.const_data_ptr<double>();
    for (auto& child : children) {
      for (auto* target : child.targets) {
        target->score->token_scores.push_back(*value);
        target->score->score += *value;
      }
      ++value;
      if (child.word != text::end_id) next.push_back(std::move(child));
    }
  }

  const Predictor& predictor_;
  std::unique_ptr<PredictorState> state_;
};

/// Indices of sources, longest first, as many together as have `hypotheses` targets, but at least one.
std::vector<Indices> batches_of(const Sentences& sources, const std::vector<Sentences>& targets, int64_t hypotheses) {
  std::vector<Indices> batches;
  int64_t held = 0;
  for (const int64_t source : longest_first(sources)) {
    const auto more = std::ssize(targets[static_cast<size_t>(source)]);
    if (more == 0) continue;
    if (batches.empty() || held + more > hypotheses) {
      batches.emplace_back();
      held = 0;
    }
    batches.back().push_back(source);
    held += more;
  }
  return batches;
}

}  // namespace

double ListScores::saved() const {
  return tokens == 0 ? 0 : 1 - static_cast<double>(steps) / static_cast<double>(tokens);
}

ListScores score_lists(const Predictor& predictor, const Readings& sources, const std::vector<Sentences>& targets,
                       int64_t hypotheses, const Done& done) {
  const auto& [text, first] = sources.front();
  ListScores scores;
  for (const auto& list : targets) scores.lists.emplace_back(list.size());
  int64_t finished = 0;
  for (const auto& indices : batches_of(first, targets, hypotheses)) {
    std::vector<std::vector<Target>> lists;
    for (const int64_t index : indices) {
      const auto source = static_cast<size_t>(index);
      auto& list = lists.emplace_back();
      for (size_t i = 0; i < targets[source].size(); ++i) {
        auto words = text->decoder_ids(targets[source][i]);
        words.push_back(text::end_id);
        scores.tokens += std::ssize(words);
        list.push_back({.words = std::move(words), .score = &scores.lists[source][i]});
      }
      finished += std::ssize(list);
    }
    std::vector<Node> roots;
    for (auto& list : lists) {
      auto& root = roots.emplace_back(Node{.parent = std::ssize(roots), .targets = {}});
      for (auto& target : list) root.targets.push_back(&target);
    }
    scores.steps += TreeWalk(predictor, Sources(packed(sources, indices))).run(std::move(roots));
    if (done.finished) done.finished(finished);
  }
  if (writes_backwards(*text))
    for (auto& list : scores.lists)
      for (auto& pair : list) reverse_words(pair.token_scores, pair.token_scores.size() - 1);
  return scores;
}

}  // namespace seq2seq::decode
