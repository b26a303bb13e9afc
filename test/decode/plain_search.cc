#include "test/decode/plain_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::test {
namespace {

using decode::Hypothesis;

/// Returns all extensions of a hypothesis; a complete one has the end symbol as its last id.
std::vector<Hypothesis> extensions_of(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                      const Hypothesis& hypothesis) {
  std::vector<Hypothesis> all;
  const auto scores = predictor.next(source, hypothesis.ids);
  for (int64_t word = text::end_id; word < predictor.vocabulary(); ++word) {
    Hypothesis extended = hypothesis;
    extended.ids.push_back(word);
    extended.token_scores.push_back(scores[static_cast<size_t>(word)]);
    extended.score += extended.token_scores.back();
    extended.ranking_score = extended.score;
    all.push_back(extended);
  }
  return all;
}

/// Returns the sum by which live hypotheses compete: their scores, with those of repeated words `repetition` times.
double plain_value(const Hypothesis& hypothesis, double repetition) {
  double value = 0;
  for (size_t i = 0; i < hypothesis.token_scores.size(); ++i) {
    const auto end = hypothesis.ids.begin() + static_cast<std::ptrdiff_t>(std::min(i, hypothesis.ids.size()));
    const bool repeated = i < hypothesis.ids.size() && std::find(hypothesis.ids.begin(), end, hypothesis.ids[i]) != end;
    value += (repeated ? repetition : 1) * hypothesis.token_scores[i];
  }
  return value;
}

bool ended(const Hypothesis& hypothesis) { return hypothesis.ids.back() == text::end_id; }

Hypothesis without_end(Hypothesis hypothesis) {
  hypothesis.ids.pop_back();
  return hypothesis;
}

void sort(std::vector<Hypothesis>& hypotheses) { std::sort(hypotheses.begin(), hypotheses.end(), decode::better); }

/// Returns true if some sequence of `size` words occurs twice.
bool repeats(const std::vector<int64_t>& ids, size_t size) {
  std::set<std::vector<int64_t>> seen;
  for (size_t start = 0; size > 0 && start + size <= ids.size(); ++start) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(start);
    if (!seen.insert({first, first + static_cast<std::ptrdiff_t>(size)}).second) return true;
  }
  return false;
}

void shorten(std::vector<Hypothesis>& hypotheses, int64_t most) {
  if (static_cast<int64_t>(hypotheses.size()) > most) hypotheses.resize(static_cast<size_t>(most));
}

}  // namespace

std::vector<Hypothesis> list_outputs(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                     int64_t longest) {
  std::vector<Hypothesis> complete, growing(1);
  for (int64_t words = 0; words <= longest; ++words) {
    std::vector<Hypothesis> longer;
    for (const auto& hypothesis : growing) {
      for (const auto& extended : extensions_of(predictor, source, hypothesis)) {
        if (ended(extended)) {
          complete.push_back(without_end(extended));
        } else {
          longer.push_back(extended);
        }
      }
    }
    growing = longer;
  }
  sort(complete);
  return complete;
}

double plain_rank(const TreePredictor& predictor, const std::vector<int64_t>& source, const Hypothesis& hypothesis,
                  const PlainSearch& options) {
  const auto tokens = std::ssize(hypothesis.token_scores);
  double rank = plain_value(hypothesis, options.repetition) / options.normalization.divisor(tokens);
  for (size_t word = 0; word < source.size() && options.coverage > 0; ++word) {
    if (source[word] == text::end_id) continue;
    double sum = 0;
    for (int64_t token = 0; token < tokens; ++token)
      sum += predictor.attention_of(source, {hypothesis.ids.begin(), hypothesis.ids.begin() + token})[word];
    rank += options.coverage * std::log(std::min(std::max(sum, 1e-10), 1.0));
  }
  return rank;
}

bool contains(const std::vector<int64_t>& ids, const std::vector<int64_t>& words) {
  return std::search(ids.begin(), ids.end(), words.begin(), words.end()) != ids.end();
}

namespace {

/// One group; without groups, the whole search.
struct PlainGroup {
  const TreePredictor& predictor;
  std::vector<int64_t> source;
  PlainSearch options;  // `beam` and `n_best` are those of the group
  std::vector<Hypothesis> live{1}, complete{};
  bool over = false;

  double rank(const Hypothesis& hypothesis) const { return plain_rank(predictor, source, hypothesis, options); }

  /// Extends hypotheses of this many words. `chosen`: how often earlier groups continued with each word.
  void step(int64_t words, const std::map<int64_t, int64_t>& chosen) {
    std::vector<Hypothesis> ranking;
    for (const auto& hypothesis : live) {
      for (const auto& extended : extensions_of(predictor, source, hypothesis)) {
        if (ended(extended) ? words < options.shortest : repeats(extended.ids, static_cast<size_t>(options.no_repeat)))
          continue;
        ranking.push_back(extended);
        ranking.back().ranking_score = plain_value(extended, options.repetition);
        if (const auto found = chosen.find(extended.ids.back()); found != chosen.end())
          ranking.back().ranking_score -= options.diversity * static_cast<double>(found->second);
      }
    }
    sort(ranking);
    std::vector<Hypothesis> going_on;
    std::set<std::vector<int64_t>> completed;
    const int64_t free = options.refill ? options.beam : options.beam - std::ssize(complete);
    for (size_t place = 0; place < ranking.size(); ++place) {
      const bool among_the_first = static_cast<int64_t>(place) < free;
      if (!ended(ranking[place])) {
        if (options.refill || among_the_first) going_on.push_back(ranking[place]);
      } else if (among_the_first) {
        complete.push_back(without_end(ranking[place]));
        complete.back().ranking_score = rank(complete.back());
        completed.insert(complete.back().ids);
      }
    }
    sort(complete);
    if (words == options.longest || (going_on.empty() && complete.empty())) {
      for (auto hypothesis : live) {
        hypothesis.cut = true;
        hypothesis.ranking_score = rank(hypothesis);
        if (!completed.contains(hypothesis.ids)) complete.push_back(hypothesis);
      }
      over = true;
      return;
    }
    shorten(going_on, free);
    live = going_on;
    if (!options.drop_beaten || std::ssize(complete) < options.n_best) return;
    const double needed = complete[static_cast<size_t>(options.n_best - 1)].ranking_score;
    std::erase_if(live, [&](const Hypothesis& hypothesis) {
      const double value = plain_value(hypothesis, options.repetition);
      return options.normalization.ranking_score(value, options.longest + 1) < needed;
    });
  }
};

}  // namespace

std::vector<Hypothesis> plain_search(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                     const PlainSearch& options) {
  auto of_group = options;
  of_group.beam = options.beam / options.groups;
  of_group.n_best = std::min(options.n_best, of_group.beam);
  std::vector<PlainGroup> groups(static_cast<size_t>(options.groups), {predictor, source, of_group});
  for (int64_t words = 0; words <= options.longest; ++words) {
    std::map<int64_t, int64_t> chosen;
    for (auto& group : groups) {
      if (group.over) continue;
      group.step(words, chosen);
      if (group.over) continue;
      for (const auto& hypothesis : group.live) ++chosen[hypothesis.ids.back()];
    }
  }
  std::vector<Hypothesis> all;
  for (auto& group : groups) {
    sort(group.complete);
    shorten(group.complete, of_group.n_best);
    for (const auto& output : group.complete) {
      const auto same = [&output](const Hypothesis& other) { return other.ids == output.ids; };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(output);
    }
  }
  sort(all);
  shorten(all, options.n_best);
  return all;
}

}  // namespace seq2seq::test
