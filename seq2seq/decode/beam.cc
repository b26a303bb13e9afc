#include "seq2seq/decode/beam.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "seq2seq/decode/repeats.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

Beam::Beam(const BeamOptions& options) : options_(options), live_{{.word = text::start_id}} {}

void Beam::extend(const Extensions& extensions) {
  const auto ranked = rank(extensions);
  const size_t places = this->places();
  std::vector<Live> next;
  std::vector<bool> ended(live_.size());
  const size_t last = options_.refill ? ranked.size() : std::min(ranked.size(), places);
  for (size_t place = 0; place < last; ++place) {
    const Candidate& candidate = ranked[place];
    const auto parent = static_cast<size_t>(candidate.parent);
    if (candidate.word != text::end_id) {
      if (next.size() == places || beaten(candidate.score)) continue;
      const int64_t path = paths_.add(live_[parent].path, candidate.word, candidate.token_score);
      next.push_back({candidate.parent, candidate.word, path, candidate.score});
    } else if (place < places) {
      ended[parent] = true;
      Hypothesis complete = paths_.trace(live_[parent].path);
      complete.token_scores.push_back(candidate.token_score);
      complete.score = candidate.score;
      keep(std::move(complete));
      ++complete_;
    }
  }
  const bool stuck = next.empty() && best_.empty();  // every word is banned
  if (written_ == options_.longest || stuck) return cut(ended);
  if (out_of_patience()) return live_.clear();
  ++written_;
  std::sort(next.begin(), next.end(),
            [](const Live& a, const Live& b) { return std::tie(a.parent, a.word) < std::tie(b.parent, b.word); });
  live_ = std::move(next);
}

std::vector<Beam::Candidate> Beam::rank(const Extensions& extensions) const {
  std::vector<Candidate> candidates;
  candidates.reserve(live_.size() * static_cast<size_t>(extensions.width));
  for (int64_t parent = 0; parent < static_cast<int64_t>(live_.size()); ++parent) {
    for (int64_t i = parent * extensions.width; i < (parent + 1) * extensions.width; ++i) {
      const double token_score = extensions.scores[i];
      check_is_number(token_score);
      if (token_score == -std::numeric_limits<double>::infinity()) continue;  // impossible
      if (extensions.words[i] == text::end_id && written_ < options_.shortest) continue;
      const double score = live_[static_cast<size_t>(parent)].score + token_score;
      candidates.push_back({parent, extensions.words[i], token_score, score});
    }
  }
  // At most one extension of each of the K live hypotheses ends, so that among 2K there are K that go on.
  const auto needed = std::min(candidates.size(), static_cast<size_t>(2 * options_.places));
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(needed), candidates.end(),
                    [](const Candidate& a, const Candidate& b) {
                      // The live ones stand in the order of their ids, and so do their extensions.
                      return std::tie(b.score, a.parent, a.word) < std::tie(a.score, b.parent, b.word);
                    });
  candidates.resize(needed);
  return candidates;
}

size_t Beam::places() const {
  return static_cast<size_t>(options_.refill ? options_.places : options_.places - complete_);
}

bool Beam::beaten(double score) const {
  if (std::ssize(best_) < options_.n_best) return false;
  return options_.normalization.bound(score, options_.longest + 1) < best_.back().rank;
}

bool Beam::out_of_patience() const {
  if (options_.patience == 0 || complete_ < options_.n_best) return false;
  return static_cast<double>(complete_) >= options_.patience * static_cast<double>(options_.places);
}

void Beam::add_repeats(int64_t first_row, std::vector<int64_t>& rows, std::vector<int64_t>& words) const {
  if (options_.no_repeat == 0 || written_ < options_.no_repeat) return;
  for (size_t i = 0; i < live_.size(); ++i) {
    for (const int64_t word : repeating_words(paths_.trace(live_[i].path).ids, options_.no_repeat)) {
      rows.push_back(first_row + static_cast<int64_t>(i));
      words.push_back(word);
    }
  }
}

void Beam::keep(Hypothesis hypothesis) {
  hypothesis.rank = options_.normalization.rank(hypothesis.score, std::ssize(hypothesis.token_scores));
  best_.insert(std::upper_bound(best_.begin(), best_.end(), hypothesis, better), std::move(hypothesis));
  if (static_cast<int64_t>(best_.size()) > options_.n_best) best_.pop_back();
}

void Beam::cut(const std::vector<bool>& ended) {
  for (size_t i = 0; i < live_.size(); ++i) {
    if (ended[i]) continue;
    Hypothesis hypothesis = paths_.trace(live_[i].path);
    hypothesis.cut = true;
    keep(std::move(hypothesis));
  }
  live_.clear();
}

}  // namespace seq2seq::decode
