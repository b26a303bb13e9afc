#include "seq2seq/decode/beam_search.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "seq2seq/data/packed.h"
#include "seq2seq/decode/beam.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

namespace {

/// The beams of all sources, with the groups of one source side by side, and their common predictor.
class BeamSearch {
 public:
  BeamSearch(const Predictor& predictor, const Sources& sources, const DecodeOptions& options)
      : predictor_(predictor), options_(options), state_(predictor.start(sources)) {
    state_->wants_attention = scoring_rule(options).reads_attention();
  }

  void add(const BeamOptions& beam, int64_t source) {
    for (int64_t group = 0; group < options_.diverse_beam.groups; ++group) {
      beams_.emplace_back(beam);
      append_rows(beams_.back(), source);
    }
  }

  void run() {
    while (!survivors_.empty()) {
      predictor_.read(*state_, at::tensor(survivors_), at::tensor(tokens_));
      extend(predictor_.best(*state_, width(), bans()));
    }
  }

  std::vector<std::vector<Hypothesis>> outputs() const {
    const auto groups = static_cast<size_t>(options_.diverse_beam.groups);
    std::vector<std::vector<Hypothesis>> outputs;
    for (size_t first = 0; first < beams_.size(); first += groups) {
      auto& list = outputs.emplace_back(beams_[first].best());
      for (size_t group = 1; group < groups; ++group) {
        const auto& more = beams_[first + group].best();
        list.insert(list.end(), more.begin(), more.end());
      }
      if (groups > 1) choose_best(list);
    }
    return outputs;
  }

 private:
  /// `first_row`: row of the beam's first hypothesis in the previous step.
  void append_rows(const Beam& beam, int64_t first_row) {
    for (const auto& live : beam.live()) {
      survivors_.push_back(first_row + live.parent);
      tokens_.push_back(live.word);
    }
  }

  /// Returns how many words of each hypothesis its beam may have to look at. One extension of a hypothesis may end, and
  /// K others may all be live in the next step. Diversity can exclude the words of at most K - K / G hypotheses of
  /// earlier groups; the repetition penalty can exclude the words already written.
  int64_t width() const { return options_.beam + 1 + (scoring_rule(options_).reads_words() ? read_ : 0); }

  /// Words that the live hypotheses may not write next.
  nn::Bans bans() const {
    std::vector<int64_t> rows, words;
    int64_t first = 0;
    for (const auto& beam : beams_) {
      beam.add_repeats(first, rows, words);
      first += std::ssize(beam.live());
    }
    if (rows.empty()) return {};
    return {.words = {}, .rows = at::tensor(rows), .row_words = at::tensor(words)};
  }

  /// Gives each beam its rows. A beam that has finished its search has no rows and costs no computation.
  void extend(const nn::TopK& best) {
    const at::Tensor scores = best.scores.to(at::kCPU).contiguous(),
                     words = best.ids.to(at::kCPU).contiguous();  // [R, k]
    const auto attention = this->attention();                     // [R, S]
    const int64_t width = scores.size(1), positions = attention.defined() ? attention.size(1) : 0;
    survivors_.clear();
    tokens_.clear();
    ++read_;
    int64_t row = 0;
    std::map<int64_t, int64_t> chosen;
    for (size_t i = 0; i < beams_.size(); ++i) {
      auto& beam = beams_[i];
      if (static_cast<int64_t>(i) % options_.diverse_beam.groups == 0) chosen.clear();
      const auto rows = std::ssize(beam.live());
      if (rows == 0) continue;
      const auto all = beam.wants_all() ? all_scores(row, rows) : at::Tensor();  // [rows, V]
      beam.extend({.scores = scores.const_data_ptr<double>() + row * width,
                   .words = words.const_data_ptr<int64_t>() + row * width,
                   .width = width,
                   .all = all.defined() ? all.const_data_ptr<double>() : nullptr,
                   .vocabulary = all.defined() ? all.size(1) : 0,
                   .attention = attention.defined() ? attention.const_data_ptr<double>() + row * positions : nullptr,
                   .positions = positions},
                  chosen);
      if (options_.diverse_beam.groups > 1)
        for (const auto& live : beam.live()) ++chosen[live.word];
      append_rows(beam, row);
      row += rows;
    }
  }

  at::Tensor all_scores(int64_t first, int64_t count) const {
    return predictor_.log_probabilities(*state_, first, count).to(at::kCPU).contiguous();
  }

  /// Returns an undefined tensor unless the scoring rule reads attention.
  at::Tensor attention() const {
    if (!state_->wants_attention) return {};
    const auto attention = predictor_.step_attention(*state_);
    TORCH_CHECK(attention.defined(), "a coverage penalty needs a model that attends");
    return attention.to(at::kCPU, at::kDouble).contiguous();
  }

  void choose_best(std::vector<Hypothesis>& list) const {
    std::ranges::sort(list, better);
    std::set<std::vector<int64_t>> seen;
    std::erase_if(list, [&seen](const Hypothesis& output) { return !seen.insert(output.ids).second; });
    if (std::ssize(list) > options_.n_best) list.resize(static_cast<size_t>(options_.n_best));
  }

  const Predictor& predictor_;
  const DecodeOptions& options_;
  std::unique_ptr<PredictorState> state_;
  std::vector<Beam> beams_;
  std::vector<int64_t> survivors_, tokens_;  // next input of the predictor
  int64_t read_ = 0;                         // words of each live hypothesis
};

}  // namespace

std::vector<std::vector<int64_t>> word_positions(const Sources& sources) {
  std::vector<std::vector<int64_t>> positions;
  for (const auto& ids : data::unpack(sources.readings.front())) {
    auto& words = positions.emplace_back();
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] != text::end_id) words.push_back(static_cast<int64_t>(i));
  }
  return positions;
}

std::vector<std::vector<Hypothesis>> beam_search(const Predictor& predictor, const Sources& sources,
                                                 const std::vector<OutputLength>& lengths, const DecodeOptions& options,
                                                 const std::vector<OutputConstraints>& constraints) {
  const auto& groups = options.diverse_beam;
  TORCH_CHECK(options.beam >= 1 && options.n_best >= 1, "`beam` and `n_best` must be at least 1");
  TORCH_CHECK(options.beam % groups.groups == 0, "`beam` must be divisible by the number of groups");
  TORCH_CHECK(sources.sentences() == std::ssize(lengths), "expected one length per source");
  TORCH_CHECK(constraints.empty() || constraints.size() == lengths.size(),
              "expected one constraint per source, or none");
  if (lengths.empty()) return {};
  const auto rule = scoring_rule(options);
  const auto positions = rule.reads_attention() ? word_positions(sources) : std::vector<std::vector<int64_t>>();
  const int64_t places = options.beam / groups.groups;
  BeamSearch search(predictor, sources, options);
  for (size_t source = 0; source < lengths.size(); ++source) {
    search.add({.places = places,
                .n_best = std::min(options.n_best, places),
                .shortest = lengths[source].shortest,
                .longest = lengths[source].longest,
                .refill = options.refill,
                .patience = options.patience,
                .no_repeat = options.no_repeat_ngram,
                .rule = rule,
                .diversity = groups.strength,
                .positions = positions.empty() ? std::vector<int64_t>() : positions[source],
                .constraints = constraints.empty() ? OutputConstraints() : constraints[source]},
               static_cast<int64_t>(source));
  }
  search.run();
  return search.outputs();
}

}  // namespace seq2seq::decode
