#include "seq2seq/run/training_data.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/length_limits.h"
#include "seq2seq/run/prepare.h"
#include "seq2seq/run/process_group.h"
#include "seq2seq/run/target_counts.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

namespace {

constexpr const char* kPutBack = "Restore the file that the run was trained with";

text::Vocabulary vocabulary_of_run(const std::filesystem::path& file, const VocabularyMark& expected) {
  auto vocabulary = text::Vocabulary::load(file);
  if (vocabulary.size() != expected.size) {
    throw FormatError(Place{.file = file.string()},
                      fmt::format("has {} words, including special symbols, but this run was trained with {}",
                                  vocabulary.size(), expected.size),
                      kPutBack);
  }
  if (mark_of(vocabulary, {}).sha256 != expected.sha256) {
    throw FormatError(Place{.file = file.string()},
                      "is not the vocabulary that this run was trained with (its SHA-256 differs)", kPutBack);
  }
  return vocabulary;
}

/// Loads the vocabularies of the factors. Throws FormatError unless the run describes one for each factor.
std::vector<text::Vocabulary> factors_of_run(const RunFolder& folder, const data::DataOptions& options,
                                             const RunDescription& description) {
  if (std::ssize(description.factors) != options.source_form.factors)
    throw FormatError(Place{.file = folder.description().string()},
                      fmt::format("describes the vocabularies of {}, but `data.source.factors` is {} in {}",
                                  format_count(std::ssize(description.factors), "factor"), options.source_form.factors,
                                  folder.config().string()),
                      kPutBack);
  std::vector<text::Vocabulary> factors;
  for (int64_t factor = 1; const auto& expected : description.factors)
    factors.push_back(vocabulary_of_run(folder.factor_vocabulary(factor++), expected));
  return factors;
}

std::vector<int64_t> counts_of_run(const RunFolder& folder, const RunDescription& description,
                                   const text::Vocabulary& vocabulary) {
  if (description.target_counts.empty()) return {};
  const auto file = folder.target_counts();
  const auto bytes = disk_files().read(file);
  if (sha256(bytes) != description.target_counts)
    throw FormatError(Place{.file = file.string()},
                      "is not the file of counts that this run was trained with (its SHA-256 differs)", kPutBack);
  return read_counts(bytes, vocabulary, file);
}

std::string tokenizer_of_run(const std::filesystem::path& file, const VocabularyMark& expected) {
  if (expected.tokenizer_sha256.empty()) return {};
  auto model = disk_files().read(file);
  if (sha256(model) != expected.tokenizer_sha256) {
    throw FormatError(Place{.file = file.string()},
                      "is not the tokenizer model that this run was trained with (its SHA-256 differs)", kPutBack);
  }
  return model;
}

void read_text(TrainingData& data, const data::DataOptions& options) {
  data.train = data::read_corpus(options.train, *data.text);
  data.source_unknown = unknown_share(data.train.source, *data.text, text::Side::source);
  data.target_unknown = unknown_share(data.train.target, *data.text, text::Side::target);
  data.train_digest = data::content_digest(options.train);
}

double share_of(const data::SideSummary& side) {
  return static_cast<double>(side.unknown) / static_cast<double>(std::max<int64_t>(side.tokens, 1));
}

void read_prepared(TrainingData& data, const data::PrepareJob& job, const data::DataOptions& options, bool extends,
                   const Environment& environment) {
  const auto& tokenizers = environment.registries->tokenizers;
  first_alone(environment, [&job] { data::prepare(job); });
  if (!environment.leads()) data::prepare(job);  // does nothing unless this machine has its own folder
  auto prepared = data::open_prepared(job.folder, job.keys, options.source_form);
  const auto check = [&](const auto& run, const auto& now, const std::filesystem::path& file) {
    if (run == now) return;
    throw FormatError(Place{.file = file.string()}, "is not the vocabulary that this run was trained with",
                      "Set `data.prepared` to a folder with the text and options that the run started with");
  };
  if (data.text) {
    const auto models = data.text->models();
    check(mark_of(data.text->source_vocabulary(), models.source),
          mark_of(prepared.source_vocabulary, prepared.models.source), job.folder.source().vocabulary);
    check(marks_of(data.text->source().factors()), marks_of(prepared.factors), job.folder.source().words);
    check(mark_of(data.text->target_vocabulary(), models.target),
          mark_of(prepared.target_vocabulary, prepared.models.target), job.folder.target().vocabulary);
  } else {
    data.text = std::make_unique<data::TextPipeline>(
        options, tokenizers,
        data::SourceVocabulary(std::move(prepared.source_vocabulary), std::move(prepared.factors),
                               options.source_form.parts),
        std::move(prepared.target_vocabulary), prepared.models);
  }
  if (extends) data.text->extend_vocabulary();
  data.train = std::move(prepared.corpus);
  data.train.repeat = options.train.repeat;
  const auto words = [](const data::PreparedFolder::Side& side, const data::SideSummary& summary) {
    return std::make_shared<const text::Vocabulary>(data::open_words(side, summary));
  };
  if (extends || data.text->source_tokenizer().samples())
    data.train.source_words = words(job.folder.source(), prepared.summary.source);
  if (extends || data.text->target_tokenizer().samples())
    data.train.target_words = words(job.folder.target(), prepared.summary.target);
  data.source_unknown = share_of(prepared.summary.source);
  data.target_unknown = share_of(prepared.summary.target);
  data.train_digest = prepared.summary.content_digest;
}

/// Checks the texts of measurements: a line that the model cannot read would end the training at its first validation,
/// or the evaluation after it.
void check_lengths(const TrainingData& data, const RunOptions& options, const Registries& registries) {
  const LengthLimits limits(*outline(options.model, registries), options.data);
  if (!limits.any()) return;
  if (data.validation) check_lengths(*data.validation, options.data.validation, limits);
  const auto& test = options.data.test;
  if (test.named()) check_lengths(read_evaluation_set(test, *data.text), test, limits);
}

}  // namespace

TrainingData read_training_data(const Configuration& configuration, const Environment& environment,
                                std::unique_ptr<data::TextPipeline> of_run) {
  const auto& options = configuration.options.data;
  const auto& tokenizers = environment.registries->tokenizers;
  TrainingData data;
  data.text = std::move(of_run);
  const bool extends = extends_vocabulary(configuration.options.model, *environment.registries);
  if (options.prepared.empty()) {
    if (!data.text)
      data.text = std::make_unique<data::TextPipeline>(data::TextPipeline::from_training_text(options, tokenizers));
    if (extends) data.text->extend_vocabulary();
    read_text(data, options);
  } else {
    read_prepared(data, prepare_job(configuration, environment), options, extends, environment);
  }
  if (data.text->target_counts().empty() && reads_counts(configuration.options.model, *environment.registries))
    data.text->set_target_counts(count_targets(data.train.target, data.text->target_vocabulary()));
  if (options.validation.named()) data.validation = read_evaluation_set(options.validation, *data.text);
  check_lengths(data, configuration.options, *environment.registries);
  return data;
}

std::unique_ptr<data::TextPipeline> text_of_run(const data::DataOptions& options, const Registries& registries,
                                                const RunFolder& folder, const RunDescription& description) {
  const data::TokenizerModels models{tokenizer_of_run(folder.source_tokenizer(), description.source),
                                     tokenizer_of_run(folder.target_tokenizer(), description.target)};
  auto source = options.task == data::Task::lm ? text::Vocabulary({})
                                               : vocabulary_of_run(folder.source_vocabulary(), description.source);
  auto text = std::make_unique<data::TextPipeline>(
      options, registries.tokenizers,
      data::SourceVocabulary(std::move(source), factors_of_run(folder, options, description),
                             options.source_form.parts),
      vocabulary_of_run(folder.target_vocabulary(), description.target), models);
  text->set_target_counts(counts_of_run(folder, description, text->target_vocabulary()));
  return text;
}

void write_vocabularies(Files& files, const RunFolder& folder, const data::TextPipeline& text) {
  if (text.options().task != data::Task::lm)
    write_atomically(files, folder.source_vocabulary(), text.source_vocabulary().serialize());
  for (int64_t factor = 1; const auto& vocabulary : text.source().factors())
    write_atomically(files, folder.factor_vocabulary(factor++), vocabulary.serialize());
  write_atomically(files, folder.target_vocabulary(), text.target_vocabulary().serialize());
  if (!text.target_counts().empty())
    write_atomically(files, folder.target_counts(), counts_text(text.target_counts(), text.target_vocabulary()));
  const auto models = text.models();
  if (!models.source.empty()) write_atomically(files, folder.source_tokenizer(), models.source);
  if (!models.target.empty()) write_atomically(files, folder.target_tokenizer(), models.target);
}

double unknown_share(const data::TokenStore& sentences, const data::TextPipeline& text, text::Side side) {
  int64_t unknown = 0, tokens = 0;
  for (int64_t sentence = 0; sentence < sentences.size(); ++sentence) {
    const auto ids = sentences[sentence];
    tokens += std::ssize(ids);
    unknown += unknown_among(ids, text, side);
  }
  return tokens == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(tokens);
}

}  // namespace seq2seq::run
