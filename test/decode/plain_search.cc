#include "test/decode/plain_search.h"

#include <algorithm>
#include <set>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::test {
namespace {

using decode::Hypothesis;

/// All extensions of a hypothesis; an ended one has the end symbol as its last id.
std::vector<Hypothesis> extensions_of(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                      const Hypothesis& hypothesis) {
  std::vector<Hypothesis> all;
  const auto scores = predictor.next(source, hypothesis.ids);
  for (int64_t word = text::end_id; word < predictor.vocabulary(); ++word) {
    Hypothesis extended = hypothesis;
    extended.ids.push_back(word);
    extended.token_scores.push_back(scores[static_cast<size_t>(word)]);
    extended.score += extended.token_scores.back();
    extended.rank = extended.score;
    all.push_back(extended);
  }
  return all;
}

bool ended(const Hypothesis& hypothesis) { return hypothesis.ids.back() == text::end_id; }

Hypothesis without_end(Hypothesis hypothesis) {
  hypothesis.ids.pop_back();
  return hypothesis;
}

void sort(std::vector<Hypothesis>& hypotheses) { std::sort(hypotheses.begin(), hypotheses.end(), decode::better); }

/// True if some `size` words stand in it twice.
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

std::vector<Hypothesis> plain_search(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                     const PlainSearch& options) {
  std::vector<Hypothesis> live(1), complete;
  for (int64_t words = 0; words <= options.longest; ++words) {
    std::vector<Hypothesis> ranking;
    for (const auto& hypothesis : live) {
      for (const auto& extended : extensions_of(predictor, source, hypothesis)) {
        if (ended(extended) ? words < options.shortest : repeats(extended.ids, static_cast<size_t>(options.no_repeat)))
          continue;
        ranking.push_back(extended);
      }
    }
    sort(ranking);
    std::vector<Hypothesis> going_on;
    std::set<std::vector<int64_t>> completed;
    const int64_t free = options.refill ? options.beam : options.beam - static_cast<int64_t>(complete.size());
    for (size_t place = 0; place < ranking.size(); ++place) {
      const bool among_the_first = static_cast<int64_t>(place) < free;
      if (!ended(ranking[place])) {
        if (options.refill || among_the_first) going_on.push_back(ranking[place]);
      } else if (among_the_first) {
        complete.push_back(without_end(ranking[place]));
        complete.back().rank = options.normalization.rank(complete.back().score, words + 1);
        completed.insert(complete.back().ids);
      }
    }
    sort(complete);
    if (words == options.longest || (going_on.empty() && complete.empty())) {
      for (auto hypothesis : live) {
        hypothesis.cut = true;
        hypothesis.rank = options.normalization.rank(hypothesis.score, words);
        if (!completed.contains(hypothesis.ids)) complete.push_back(hypothesis);
      }
      break;
    }
    shorten(going_on, free);
    live = going_on;
    if (options.drop_beaten && static_cast<int64_t>(complete.size()) >= options.n_best) {
      const double needed = complete[static_cast<size_t>(options.n_best - 1)].rank;
      std::erase_if(live, [&](const Hypothesis& hypothesis) {
        return options.normalization.rank(hypothesis.score, options.longest + 1) < needed;
      });
    }
  }
  sort(complete);
  shorten(complete, options.n_best);
  return complete;
}

}  // namespace seq2seq::test
