#include "seq2seq/run/plan_subject.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>

#include "seq2seq/run/build.h"
#include "seq2seq/run/memory_forecast.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

namespace {

constexpr int64_t usual_steps = 25;

/// Returns the number of words of a side if the configuration sets it; 0: it depends on the text.
int64_t words_of(const text::VocabularyOptions& options) {
  if (!options.file.empty() && std::filesystem::exists(options.file))
    return text::Vocabulary::load(options.file).size();
  return options.size > 0 ? options.size + text::special_count : 0;
}

/// Returns an error for a missing text that is needed.
UsageError missing(const std::filesystem::path& file, const data::DataOptions& options) {
  const Place place{.file = file.string()};
  if (options.source_form.factors > 0)
    return {place, "the text is missing, and only the text has the values of the factors",
            "Get the text, or leave the factors out: `--set data.source.factors=0 --set model.factors.sizes=[]`"};
  return {place, "the text is missing, and the configuration does not say how many words the vocabularies have",
          options.task == data::Task::lm
              ? "Set `data.target.vocabulary.size`, or get the text"
              : "Set `data.source.vocabulary.size` and `data.target.vocabulary.size`, or get the text"};
}

void read_text(const Configuration& configuration, const Environment& environment, PlanSubject& subject) {
  const auto& train = configuration.options.data.train;
  for (const auto& files : {train.source, train.target, train.pairs}) {
    for (const auto& file : files) {
      if (!std::filesystem::exists(file)) throw missing(file, configuration.options.data);
    }
  }
  environment.log->say("reading words and lengths of the training text");
  const auto data = read_training_data(configuration, environment);
  subject.source_words = data.text->source_vocabulary().size();
  subject.target_words = data.text->target_vocabulary().size();
  subject.factors = data.text->source().factor_sizes();
  const auto mean = [&](const data::TokenStore& store) {
    return static_cast<int64_t>(std::lround(static_cast<double>(store.tokens()) / static_cast<double>(store.size()))) +
           1;
  };
  subject.source_steps = mean(data.train.source);
  subject.target_steps = mean(data.train.target);
  for (int64_t pair = 0; pair < data.train.pairs(); ++pair)
    subject.longest = std::max({subject.longest, data.train.source.length(pair), data.train.target.length(pair)});
  ++subject.longest;
}

}  // namespace

PlanSubject plan_subject(const Configuration& configuration, std::optional<int64_t> steps,
                         const Environment& environment) {
  const auto& options = configuration.options;
  PlanSubject subject;
  const bool lm = options.data.task == data::Task::lm;
  subject.source_words = lm ? text::special_count : words_of(options.data.source.vocabulary);
  subject.target_words =
      options.data.shared_vocabulary ? subject.source_words : words_of(options.data.target.vocabulary);
  const auto& form = options.data.source_form;
  if (subject.source_words == 0 || subject.target_words == 0 || form.factors > 0)
    read_text(configuration, environment, subject);
  if (steps || subject.source_steps == 0) {
    subject.target_steps = steps.value_or(usual_steps);
    subject.source_steps = form.parts * subject.target_steps;
  }
  if (lm) subject.source_steps = 0;
  if (subject.longest == 0) subject.longest = form.parts * (options.data.clean.max_length + 1);
  const auto& batch = options.train.batch;
  subject.sentences = batch.sentences > 0
                          ? batch.sentences
                          : std::max<int64_t>(1, batch.tokens / (subject.source_steps + subject.target_steps));
  subject.state_bytes = optimizer_state_bytes(options.train, *environment.registries);
  const auto model = outline(options.model, *environment.registries, subject.source_words, subject.target_words,
                             {.factors = subject.factors, .parts = form.parts});
  if (model->output().copies())
    throw UsageError(Place{.part = "model.output.kind"}, "`copy` does not run in stages, so it cannot be planned");
  if (model->staged() == nullptr)
    throw UsageError(
        Place{.part = "model.architecture"},
        fmt::format("`{}` does not run in stages, so it cannot be planned", options.model.architecture.kind));
  subject.outline = parallel::outline_of(*model);
  return subject;
}

parallel::Layout layout_of(const nn::Placement& placement, int64_t words, bool one_device) {
  std::vector<c10::Device> by_place(static_cast<size_t>(placement.places()), placement.device);
  parallel::Layout layout;
  for (const auto& [name, part] : placement.parts) {
    by_place[static_cast<size_t>(part.place)] = part.device;
    layout.parts[name] = part.place;
  }
  for (const auto& shard : placement.output) {
    by_place[static_cast<size_t>(shard.place)] = shard.device;
    layout.output.push_back(
        {.place = shard.place, .share = static_cast<double>(shard.last - shard.first) / static_cast<double>(words)});
  }
  layout.devices.clear();
  std::map<std::string, int64_t> numbers;
  for (const auto& device : by_place) {
    const auto next = std::ssize(numbers);
    layout.devices.push_back(one_device ? 0 : numbers.try_emplace(device.str(), next).first->second);
  }
  return layout;
}

parallel::Plan plan_of(const PlacementOptions& how, const nn::Placement& placement, const parallel::Hardware& hardware,
                       int64_t words) {
  const bool threads = how.threads == PlacementOptions::Threads::per_stage;
  parallel::Plan plan;
  const bool named = how.preset == "single" && placement.places() > 1;  // by keys of single parts
  plan.name = named ? "as configured" : how.preset;
  plan.layout = layout_of(placement, words, hardware.shares_processors());
  if (hardware.shares_processors()) plan.workers = threads ? parallel::Workers::per_place : parallel::Workers::one;
  if (placement.places() == 1) {
    if (hardware.shares_processors()) plan.workers = parallel::Workers::one;
    return plan;
  }
  plan.schedule = how.schedule;
  plan.chunk = how.chunk;
  plan.team = std::max(1, static_cast<int>(hardware.processors.count) / placement.places());
  return plan;
}

parallel::BatchSize batch_of(const PlanSubject& subject) {
  return {.sentences = subject.sentences, .source = subject.source_steps, .target = subject.target_steps};
}

}  // namespace seq2seq::run
