#include "seq2seq/study/record/epoch_tokens.h"

#include <utility>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/study/record/operations.h"

namespace seq2seq::study {

namespace {

/// Returns a text that is the same for runs with the same tokens.
std::string key_of(const run::LoadedRun& run) {
  const auto keys =
      config::digest_text(run.configuration->keys, [](const auto& key) { return key.starts_with("data."); });
  const auto& description = run.description;
  return fmt::format("{}\n{}\n{}\n{}\n", keys, description.data.train, description.source.tokenizer_sha256,
                     description.target.tokenizer_sha256);
}

EpochTokens read(const run::LoadedRun& run, const run::Environment& environment) {
  auto text = run::text_of_run(run.options().data, *environment.registries, run.folder, run.description);
  const auto corpus = run::read_training_data(*run.configuration, environment, std::move(text)).train;
  return {.source = tokens_per_epoch(corpus, corpus.source), .target = tokens_per_epoch(corpus, corpus.target)};
}

}  // namespace

EpochTokens EpochCounter::count(const run::LoadedRun& run, const run::Environment& environment) {
  const auto key = key_of(run);
  const auto known = known_.find(key);
  return known != known_.end() ? known->second : known_.emplace(key, read(run, environment)).first->second;
}

}  // namespace seq2seq::study
