#include "seq2seq/decode/beam.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "seq2seq/decode/repeats.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

Beam::Beam(const BeamOptions& options)
    : options_(options),
      phrases_(options.constraints.phrases),
      live_{{.word = text::start_id, .covered = {}, .progress = phrases_.start()}} {}

void Beam::extend(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen) {
  const auto ranked = rank(extensions, chosen);
  const int64_t places = this->places();
  std::vector<Coverage> covered(live_.size());  // by the words written and the next one
  if (extensions.attention != nullptr)
    for (size_t i = 0; i < live_.size(); ++i)
      covered[i] = decode::covered(
          live_[i].covered, extensions.attention + static_cast<int64_t>(i) * extensions.positions, options_.positions);
  std::vector<Live> next;
  std::vector<bool> ended(live_.size());
  auto free = places_by_bank(ranked);
  std::vector<int64_t> stood(free.size());  // candidates so far in each share of places
  for (const auto& candidate : ranked) {
    const auto parent = static_cast<size_t>(candidate.parent);
    const bool among_the_first = stood[candidate.bank]++ < places;
    if (!among_the_first && !options_.refill) continue;
    if (candidate.word != text::end_id) {
      if (free[candidate.bank] == 0 || beaten(candidate.value)) continue;
      --free[candidate.bank];
      const int64_t path = paths_.add(live_[parent].path, candidate.word, candidate.token_score);
      next.push_back({candidate.parent, candidate.word, path, candidate.value, covered[parent],
                      phrases_.after(live_[parent].progress, candidate.word)});
    } else if (among_the_first) {
      ended[parent] = true;
      complete(candidate, covered[parent]);
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

bool Beam::wants_all() const {
  if (live_.empty()) return false;
  if (written_ < std::ssize(options_.constraints.prefix)) return true;
  return std::ranges::any_of(live_, [this](const Live& live) { return !phrases_.met(live.progress); });
}

std::vector<Beam::Candidate> Beam::rank(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen) const {
  std::vector<Candidate> candidates;
  candidates.reserve(live_.size() * static_cast<size_t>(extensions.width));
  const bool forced = written_ < std::ssize(options_.constraints.prefix);
  for (int64_t parent = 0; parent < std::ssize(live_); ++parent) {
    const auto first = candidates.size();
    if (forced) {
      const int64_t word = options_.constraints.prefix[static_cast<size_t>(written_)];
      add(candidates, parent, word, extensions.all[parent * extensions.vocabulary + word]);
    } else {
      for (int64_t i = parent * extensions.width; i < (parent + 1) * extensions.width; ++i)
        add(candidates, parent, extensions.words[i], extensions.scores[i]);
      if (phrases_.any()) add_phrase_words(candidates, extensions, parent);
    }
    if (options_.rule.reads_words()) penalize_repetition(candidates, first, parent);
  }
  if (!chosen.empty()) {
    for (auto& candidate : candidates)
      if (const auto found = chosen.find(candidate.word); found != chosen.end())
        candidate.place -= options_.diversity * static_cast<double>(found->second);
  }
  sort(candidates);
  return candidates;
}

void Beam::penalize_repetition(std::vector<Candidate>& candidates, size_t first, int64_t parent) const {
  const Live& live = live_[static_cast<size_t>(parent)];
  const auto ids = paths_.trace(live.path).ids;
  const std::unordered_set<int64_t> written(ids.begin(), ids.end());
  for (auto i = first; i < candidates.size(); ++i) {
    auto& candidate = candidates[i];
    candidate.place = candidate.value =
        live.value + options_.rule.token(candidate.token_score, written.contains(candidate.word));
  }
}

void Beam::sort(std::vector<Candidate>& candidates) const {
  // At most one extension of each of the K live hypotheses ends, so at least K of 2K extensions continue.
  const auto needed =
      phrases_.any() ? candidates.size() : std::min(candidates.size(), static_cast<size_t>(2 * options_.places));
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(needed), candidates.end(),
                    [](const Candidate& a, const Candidate& b) {
                      // Live hypotheses and their extensions are already in the order of their ids.
                      return std::tie(b.place, a.parent, a.word) < std::tie(a.place, b.parent, b.word);
                    });
  candidates.resize(needed);
}

void Beam::add(std::vector<Candidate>& candidates, int64_t parent, int64_t word, double token_score) const {
  check_is_number(token_score);
  if (token_score == -std::numeric_limits<double>::infinity()) return;  // impossible
  const Live& live = live_[static_cast<size_t>(parent)];
  if (word == text::end_id && !may_end(live)) return;
  const double value = live.value + token_score;
  candidates.push_back({parent, word, token_score, value, value});
  if (phrases_.any() && word != text::end_id)
    candidates.back().bank = static_cast<size_t>(phrases_.words_met(phrases_.after(live.progress, word)));
  if (phrases_.any() && word == text::end_id) candidates.back().bank = static_cast<size_t>(phrases_.words());
}

void Beam::add_phrase_words(std::vector<Candidate>& candidates, const Extensions& extensions, int64_t parent) const {
  const Live& live = live_[static_cast<size_t>(parent)];
  const auto words = phrases_.next(live.progress);
  if (words.empty()) return;
  std::vector<int64_t> left_out;  // candidates already, and words that no output may have
  if (options_.no_repeat > 0) left_out = repeating_words(paths_.trace(live.path).ids, options_.no_repeat);
  const auto* row = extensions.words + parent * extensions.width;
  left_out.insert(left_out.end(), row, row + extensions.width);
  for (const int64_t word : words) {
    if (std::ranges::find(left_out, word) != left_out.end()) continue;
    add(candidates, parent, word, extensions.all[parent * extensions.vocabulary + word]);
  }
}

std::vector<int64_t> Beam::places_by_bank(const std::vector<Candidate>& ranked) const {
  if (!phrases_.any()) return {places()};
  std::vector<int64_t> waiting(static_cast<size_t>(phrases_.words()) + 1);
  for (const auto& candidate : ranked)
    if (candidate.word != text::end_id && !beaten(candidate.value)) ++waiting[candidate.bank];
  return share_places(places(), waiting);
}

int64_t Beam::places() const { return options_.refill ? options_.places : options_.places - complete_; }

bool Beam::may_end(const Live& hypothesis) const {
  return written_ >= options_.shortest && phrases_.met(hypothesis.progress);
}

bool Beam::beaten(double value) const {
  if (std::ssize(best_) < options_.n_best) return false;
  return options_.rule.bound(value, options_.longest + 1) < best_.back().ranking_score;
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

void Beam::complete(const Candidate& candidate, const Coverage& covered) {
  auto hypothesis = paths_.trace(live_[static_cast<size_t>(candidate.parent)].path);
  hypothesis.token_scores.push_back(candidate.token_score);
  hypothesis.score += candidate.token_score;
  keep(std::move(hypothesis), candidate.value, covered);
  ++complete_;
}

void Beam::keep(Hypothesis hypothesis, double value, const Coverage& covered) {
  hypothesis.ranking_score = options_.rule.ranking_score(value, std::ssize(hypothesis.token_scores), covered);
  best_.insert(std::upper_bound(best_.begin(), best_.end(), hypothesis, better), std::move(hypothesis));
  if (std::ssize(best_) > options_.n_best) best_.pop_back();
}

void Beam::cut(const std::vector<bool>& ended) {
  // A hypothesis that lacks a phrase is the last resort.
  const bool any_met =
      !best_.empty() || std::ranges::any_of(live_, [this](const Live& live) { return phrases_.met(live.progress); });
  for (size_t i = 0; i < live_.size(); ++i) {
    if (ended[i] || (any_met && !phrases_.met(live_[i].progress))) continue;
    Hypothesis hypothesis = paths_.trace(live_[i].path);
    hypothesis.cut = true;
    keep(std::move(hypothesis), live_[i].value, live_[i].covered);
  }
  live_.clear();
}

}  // namespace seq2seq::decode
