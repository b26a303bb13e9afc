#include "seq2seq/run/translate/search_requests.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "seq2seq/run/constraints.h"
#include "seq2seq/run/minimum_bayes_risk.h"

namespace seq2seq::run {

namespace {

using Constraints = std::vector<decode::OutputConstraints>;

/// Returns these sentences of each reading.
decode::Readings chosen(const decode::Readings& sources, const std::vector<size_t>& sentences) {
  decode::Readings readings;
  for (const auto& [text, all] : sources) {
    auto& reading = readings.emplace_back(decode::Reading{.text = text, .sentences = {}});
    for (const size_t i : sentences) reading.sentences.push_back(all[i]);
  }
  return readings;
}

/// `constraints`: one for each source.
Outputs search(const decode::Readings& sources, const Constraints& constraints, const LoadedRun& run,
               const decode::Done& done) {
  const bool constrained = std::ranges::any_of(constraints, &decode::OutputConstraints::any);
  return decode::search_all(run.predictor(), sources, run.options().decode, done, nullptr,
                            constrained ? constraints : Constraints());
}

/// Searches again, without phrases, for sentences whose best output does not have all of them: no output had, so the
/// search ended where it could not go on.
void replace_unmet(Outputs& found, const decode::Readings& sources, const Constraints& constraints,
                   const LoadedRun& run, const decode::Done& done) {
  std::vector<size_t> unmet;
  Constraints prefixes;
  for (size_t i = 0; i < constraints.size(); ++i) {
    if (constraints[i].phrases.empty() || meets(found[i].front().ids, constraints[i])) continue;
    unmet.push_back(i);
    prefixes.push_back({.prefix = constraints[i].prefix, .phrases = {}});
  }
  if (unmet.empty()) return;
  auto replaced = search(chosen(sources, unmet), prefixes, run, done);
  for (size_t i = 0; i < unmet.size(); ++i) found[unmet[i]] = std::move(replaced[i]);
}

}  // namespace

Outputs search_requests(const RequestBatch& batch, const LoadedRun& run, const decode::Done& done) {
  const auto& options = run.options().decode;
  const auto requests = batch.readable();
  std::vector<size_t> searched;
  Constraints constraints;
  std::vector<data::CopiedWords> copied;
  for (size_t i = 0; i < requests.size(); ++i) {
    const bool empty = batch.sources.front().sentences[i].empty();
    if (empty && options.empty_source != decode::EmptySource::translate && !requests[i]->constraints.any()) continue;
    searched.push_back(i);
    constraints.push_back(requests[i]->constraints);
    copied.push_back(requests[i]->copied);
  }
  const auto sources = chosen(batch.sources, searched);
  auto found = search(sources, constraints, run, done);
  replace_unmet(found, sources, constraints, run, done);
  order_by_risk(found, *run.text, copied, options, run.options().metrics);
  Outputs outputs(requests.size(), std::vector<decode::Hypothesis>(1));
  for (size_t i = 0; i < searched.size(); ++i) outputs[searched[i]] = std::move(found[i]);
  return outputs;
}

}  // namespace seq2seq::run
