#include "seq2seq/decode/list_scores.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <utility>

#include <ATen/ops/tensor.h>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

/// Targets of a source in the order of the decoder, each with its end symbol, and the scores found so far.
struct Target {
  std::vector<int64_t> words;
  PairScore* score;
};

/// Targets with the same prefix.
struct Node {
  int64_t parent = 0;  // the node of the previous level; on the first level, the source
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
      level = score(level, depth);
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

  /// Scores the next word of every target, and returns the nodes of the next level.
  std::vector<Node> score(const std::vector<Node>& level, size_t depth) const {
    std::vector<Node> children;
    std::vector<int64_t> parents, words;
    for (size_t i = 0; i < level.size(); ++i) {
      std::map<int64_t, std::vector<Target*>> by_word;
      for (auto* target : level[i].targets) by_word[target->words[depth]].push_back(target);
      for (auto& [word, targets] : by_word) {
        parents.push_back(static_cast<int64_t>(i));
        words.push_back(word);
        children.push_back({.parent = parents.back(), .word = word, .targets = std::move(targets)});
      }
    }
    const auto scores =
        predictor_.next_scores(*state_, at::tensor(parents), at::tensor(words)).to(at::kCPU).contiguous();
    const auto* value = scores.const_data_ptr<double>();
    for (const auto& child : children) {
      for (auto* target : child.targets) {
        target->score->token_scores.push_back(*value);
        target->score->score += *value;
      }
      ++value;
    }
    std::erase_if(children, [](const Node& child) { return child.word == text::end_id; });
    return children;
  }

  const Predictor& predictor_;
  std::unique_ptr<PredictorState> state_;
};

/// Some of the targets of one source.
struct Share {
  int64_t source;
  int64_t first, last;  // of its targets
  int64_t size() const { return last - first; }
};

/// Hands out the targets of all sources, longest source first.
class Shares {
 public:
  Shares(const Sentences& sources, const std::vector<Sentences>& targets) {
    for (const int64_t source : longest_first(sources)) {
      const auto count = std::ssize(targets[static_cast<size_t>(source)]);
      if (count > 0) left_.push_back({source, 0, count});
    }
  }
  bool empty() const { return left_.empty(); }

  /// Returns the next lists, about `most` targets in all. A longer list is returned whole unless it may be `divided`.
  std::vector<Share> next(int64_t most, bool divided) const {
    std::vector<Share> shares;
    int64_t held = 0;
    for (const auto& share : left_) {
      if (held > 0 && held + share.size() > most) break;
      shares.push_back(share);
      if (divided) shares.back().last = std::min(share.last, share.first + most);
      held += shares.back().size();
    }
    return shares;
  }
  void drop(const std::vector<Share>& shares) {
    for (const auto& share : shares) {
      left_.front().first = share.last;
      if (left_.front().size() == 0) left_.pop_front();
    }
  }

 private:
  std::deque<Share> left_;
};

int64_t targets_of(const std::vector<Share>& shares) {
  return std::accumulate(shares.begin(), shares.end(), int64_t{0},
                         [](int64_t sum, const Share& share) { return sum + share.size(); });
}

/// Scores targets in the order of decoders, and counts the steps.
class ListScorer {
 public:
  ListScorer(const Predictor& predictor, const Readings& sources, const std::vector<Sentences>& targets)
      : predictor_(predictor), sources_(sources), targets_(targets) {
    for (const auto& list : targets) scores_.lists.emplace_back(list.size());
  }

  /// Scores these shares. Overwrites scores that a failed attempt left.
  void run(const std::vector<Share>& shares) {
    Indices indices;
    std::vector<std::vector<Target>> lists;
    int64_t tokens = 0;
    for (const auto& share : shares) {
      indices.push_back(share.source);
      for (const auto& target : lists.emplace_back(targets_of(share))) tokens += std::ssize(target.words);
    }
    std::vector<Node> roots;
    for (auto& list : lists) {
      auto& root = roots.emplace_back(Node{.parent = std::ssize(roots), .targets = {}});
      for (auto& target : list) root.targets.push_back(&target);
    }
    scores_.steps += TreeWalk(predictor_, Sources(packed(sources_, indices))).run(std::move(roots));
    scores_.tokens += tokens;
  }

  ListScores finish() && {
    if (writes_backwards(*sources_.front().text))
      for (auto& list : scores_.lists)
        for (auto& pair : list) reverse_words(pair.token_scores, pair.token_scores.size() - 1);
    return std::move(scores_);
  }

 private:
  std::vector<Target> targets_of(const Share& share) {
    std::vector<Target> targets;
    const auto source = static_cast<size_t>(share.source);
    for (auto i = static_cast<size_t>(share.first); i < static_cast<size_t>(share.last); ++i) {
      auto words = sources_.front().text->decoder_ids(targets_[source][i]);
      words.push_back(text::end_id);
      auto& score = scores_.lists[source][i] = {};
      targets.push_back({.words = std::move(words), .score = &score});
    }
    return targets;
  }

  const Predictor& predictor_;
  const Readings& sources_;
  const std::vector<Sentences>& targets_;
  ListScores scores_;
};

}  // namespace

double ListScores::saved() const {
  return tokens == 0 ? 0 : 1 - static_cast<double>(steps) / static_cast<double>(tokens);
}

ListScores score_lists(const Predictor& predictor, const Readings& sources, const std::vector<Sentences>& targets,
                       int64_t hypotheses, const Done& done) {
  ListScorer scorer(predictor, sources, targets);
  Shares left(sources.front().sentences, targets);
  Halving halving(hypotheses, done);
  int64_t finished = 0;
  while (!left.empty()) {
    const auto shares = left.next(halving.most(), /*divided=*/halving.halved());
    if (!halving.fits(targets_of(shares), [&] { scorer.run(shares); })) continue;
    left.drop(shares);
    finished += targets_of(shares);
    if (done.finished) done.finished(finished);
  }
  return std::move(scorer).finish();
}

}  // namespace seq2seq::decode
