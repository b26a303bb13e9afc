#include "test/decode/tree_predictor.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::test {
namespace {

using Ids = std::vector<int64_t>;

struct TreeState final : decode::PredictorState {
  struct Row {
    Ids source, written;  // written: without start symbol
    bool started = false;
  };
  std::vector<Row> rows;
};

Ids to_vector(const at::Tensor& ids) {
  const auto flat = ids.contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

uint64_t node_of(const Ids& source, const Ids& written) {
  uint64_t node = 17;
  for (const int64_t id : source) node = node * 1000003 + static_cast<uint64_t>(id);
  for (const int64_t id : written) node = node * 999983 + static_cast<uint64_t>(id) + 7;
  return node;
}

}  // namespace

int64_t TreePredictor::vocabulary() const { return text::special_count + options_.words; }

std::vector<double> TreePredictor::attention_of(const Ids& source, const Ids& written) const {
  const RandomStream stream(options_.seed + 1000, Purpose::sampling);
  std::vector<double> weights;
  double sum = 0;
  for (size_t word = 0; word < source.size(); ++word) {
    weights.push_back(std::pow(stream.uniform(node_of(source, written), static_cast<uint32_t>(word)), 4));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

at::Tensor TreePredictor::step_attention(const decode::PredictorState& state) const {
  TORCH_CHECK(state.wants_attention, "attention was not asked for");
  const auto& rows = dynamic_cast<const TreeState&>(state).rows;
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.source.size());
  auto all = at::zeros({std::ssize(rows), static_cast<int64_t>(longest)}, at::kDouble);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto weights = attention_of(rows[i].source, rows[i].written);
    std::ranges::copy(weights, all.mutable_data_ptr<double>() + i * longest);
  }
  return all;
}

std::vector<double> TreePredictor::next(const Ids& source, const Ids& written) const {
  const auto node = node_of(source, written);
  const RandomStream stream(options_.seed, Purpose::sampling);
  std::vector<double> scores;
  double sum = 0;
  for (int64_t word = 0; word < vocabulary(); ++word) {
    const double uniform = 2 * stream.uniform(node, static_cast<uint32_t>(word)) - 1;
    scores.push_back(options_.sharpness * uniform + (word == text::end_id ? options_.end_logit : 0));
    sum += std::exp(scores.back());
  }
  for (double& score : scores) {
    score -= std::log(sum);
    if (options_.grain > 0) score = options_.grain * std::floor(score / options_.grain);
  }
  return scores;
}

std::unique_ptr<decode::PredictorState> TreePredictor::start(const decode::Sources& sources) const {
  auto state = std::make_unique<TreeState>();
  for (auto& source : data::unpack(sources.readings.front()))
    state->rows.push_back({.source = std::move(source), .written = {}});
  return state;
}

void TreePredictor::read(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const {
  auto& rows = dynamic_cast<TreeState&>(state).rows;
  const Ids kept = to_vector(survivors), words = to_vector(tokens);
  std::vector<TreeState::Row> next_rows;
  for (size_t i = 0; i < kept.size(); ++i) {
    auto& row = next_rows.emplace_back(rows.at(static_cast<size_t>(kept[i])));
    if (row.started) row.written.push_back(words[i]);
    row.started = true;
  }
  rows = std::move(next_rows);
  extended_ += std::ssize(kept);
}

void TreePredictor::append(decode::PredictorState& state, const decode::PredictorState& other) const {
  const auto& more = dynamic_cast<const TreeState&>(other).rows;
  auto& rows = dynamic_cast<TreeState&>(state).rows;
  rows.insert(rows.end(), more.begin(), more.end());
}

std::unique_ptr<decode::PredictorState> TreePredictor::selected(const decode::PredictorState& state,
                                                                const nn::Ids& hypotheses) const {
  const auto& rows = dynamic_cast<const TreeState&>(state).rows;
  auto chosen = std::make_unique<TreeState>();
  chosen->wants_attention = state.wants_attention;
  for (const int64_t hypothesis : to_vector(hypotheses))
    chosen->rows.push_back(rows.at(static_cast<size_t>(hypothesis)));
  return chosen;
}

nn::TopK TreePredictor::best(const decode::PredictorState& state, int64_t k, const nn::Bans& bans) const {
  TORCH_CHECK(!bans.words.defined(), "this predictor takes bans of rows alone");
  std::set<std::pair<int64_t, int64_t>> banned;
  for (int64_t i = 0; bans.rows.defined() && i < bans.rows.numel(); ++i)
    banned.emplace(bans.rows[i].item<int64_t>(), bans.row_words[i].item<int64_t>());
  const auto& rows = dynamic_cast<const TreeState&>(state).rows;
  const int64_t width = std::min(k, vocabulary() - 2);
  nn::TopK best{at::empty({std::ssize(rows), width}, at::kDouble), at::empty({std::ssize(rows), width}, at::kLong)};
  auto* score = best.scores.mutable_data_ptr<double>();
  auto* id = best.ids.mutable_data_ptr<int64_t>();
  for (int64_t number = 0; number < std::ssize(rows); ++number) {
    const auto& row = rows[static_cast<size_t>(number)];
    const auto scores = next(row.source, row.written);
    std::vector<std::pair<double, int64_t>> ranked;
    for (int64_t word = 0; word < vocabulary(); ++word) {
      if (word == text::start_id || word == text::unknown_id) continue;
      ranked.emplace_back(banned.contains({number, word}) ? INFINITY : -scores[static_cast<size_t>(word)], word);
    }
    std::sort(ranked.begin(), ranked.end());
    for (int64_t place = 0; place < width; ++place) {
      *score++ = -ranked[static_cast<size_t>(place)].first;
      *id++ = ranked[static_cast<size_t>(place)].second;
    }
  }
  return best;
}

at::Tensor TreePredictor::log_probabilities(const decode::PredictorState& state, int64_t first, int64_t count) const {
  const auto& every = dynamic_cast<const TreeState&>(state).rows;
  const auto rows = std::span(every).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  auto all = at::empty({count, vocabulary()}, at::kDouble);
  auto* out = all.mutable_data_ptr<double>();
  for (const auto& row : rows) {
    for (const double score : next(row.source, row.written)) *out++ = score;
  }
  return all;
}

at::Tensor TreePredictor::score(const decode::Sources& sources, const nn::Packed&, const nn::Packed& targets,
                                const nn::Ids& owner) const {
  const auto all_sources = data::unpack(sources.readings.front());
  std::map<int64_t, Ids> written;
  const Ids words = to_vector(targets.rows), owners = to_vector(targets.layout->owner);
  const Ids source_of = owner.defined() ? to_vector(owner) : Ids();
  at::Tensor scores = at::empty({targets.layout->rows()}, at::kDouble);
  for (size_t row = 0; row < words.size(); ++row) {
    Ids& before = written[owners[row]];
    const auto target = static_cast<size_t>(owners[row]);
    const auto source = owner.defined() ? static_cast<size_t>(source_of[target]) : target;
    const auto all = next(all_sources[source], before);
    scores.mutable_data_ptr<double>()[row] = all[static_cast<size_t>(words[row])];
    before.push_back(words[row]);
  }
  return scores;
}

}  // namespace seq2seq::test
