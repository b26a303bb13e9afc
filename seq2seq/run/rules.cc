#include "seq2seq/run/rules.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/minimum_bayes_risk.h"
#include "seq2seq/run/rescore/choose.h"
#include "seq2seq/train/freeze.h"

namespace seq2seq::run {

namespace {

constexpr const char* no_validation = "needs validations, but `data.validation` has no files";

/// Returns an outline of the model; null for a model that cannot be made, which is reported at its own keys.
std::shared_ptr<const nn::Model> outline_of(const RunOptions& options, const Registries& registries) {
  try {
    return outline(options.model, registries);
  } catch (const UsageError&) {
    return nullptr;
  }
}

/// A model that cannot be made is reported at its own keys.
std::string wrong_freeze(const RunOptions& options, const Registries& registries) {
  if (options.train.freeze.empty()) return {};
  try {
    return train::wrong_freeze(*outline(options.model, registries, nn::unknown_vocabulary, nn::unknown_vocabulary,
                                        unknown_sizes(options.data.source_form)),
                               options.train.freeze);
  } catch (const UsageError&) {
    return {};
  }
}

std::string wrong_smoothing(const RunOptions& options, const Registries& registries) {
  if (options.train.label_smoothing == 0) return {};
  const auto model = outline_of(options, registries);
  const auto reason = model ? model->output().refuses_smoothing() : "";
  return reason.empty() ? "" : reason + ". Use 0, or another `model.output.kind`";
}

std::string wrong_pretrained(const RunOptions& options, const Registries& registries) {
  const auto& files = options.model.pretrained;
  if (files.source.empty() || files.target.empty()) return {};
  const auto model = outline_of(options, registries);
  return model && model->shares_embeddings()
             ? "shared word vectors can start from only one file. Give `source` or `target`, not both"
             : "";
}

/// Returns the reason why a model cannot read sources of this form. A model that cannot be made even for plain sources
/// is reported at its own keys.
std::string wrong_source(const data::SourceForm& form, const RunOptions& options, const Registries& registries) {
  try {
    outline(options.model, registries);
  } catch (const UsageError&) {
    return {};
  }
  try {
    outline(options.model, registries, nn::unknown_vocabulary, nn::unknown_vocabulary, unknown_sizes(form));
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::string wrong_factors(const RunOptions& options, const Registries& registries) {
  const auto factors = options.data.source_form.factors;
  if (factors > 0) return wrong_source({.factors = factors}, options, registries);
  return options.model.factors.sizes.empty()
             ? ""
             : "has `sizes`, but source tokens have no factors. Set `data.source.factors`";
}

std::string wrong_parts(const RunOptions& options, const Registries& registries) {
  const auto parts = options.data.source_form.parts;
  return parts == 1 ? "" : wrong_source({.parts = parts}, options, registries);
}

/// Word vectors that both sides share need one vocabulary.
std::string wrong_sharing(const RunOptions& options, const Registries& registries) {
  if (options.data.shared_vocabulary) return {};
  const auto model = outline_of(options, registries);
  return model && model->shares_embeddings()
             ? "shared word vectors need a shared vocabulary. Set `data.shared_vocabulary: true`"
             : "";
}

/// Returns the values of the keys below `section`, without its path.
std::vector<std::string> values_below(const config::Keys& keys, const std::string& section) {
  std::vector<std::string> found;
  for (const auto& value : config::values(keys))
    if (value.key.starts_with(section)) found.push_back(value.key.substr(section.size()) + "=" + value.text);
  return found;
}

/// One vocabulary has words of one kind, counted with one set of options.
std::string wrong_shared_vocabulary(const config::Keys& keys, const RunOptions& options, const Registries& registries) {
  const auto &source = options.data.source, &target = options.data.target;
  if (!options.data.shared_vocabulary || options.data.task == data::Task::lm) return {};
  const bool learns = registries.tokenizers.make(source.tokenizer)->learns();
  const bool same = learns ? values_below(keys, "data.source.tokenizer") == values_below(keys, "data.target.tokenizer")
                           : source.tokenizer.kind == target.tokenizer.kind;
  if (!same)
    return "needs the same tokenizer on both sides, but `data.source.tokenizer` and `data.target.tokenizer` differ. "
           "Copy one to the other";
  if (target.vocabulary == text::VocabularyOptions{} || target.vocabulary == source.vocabulary) return {};
  return "has the options of `data.source.vocabulary`. Leave out `data.target.vocabulary`";
}

std::string wrong_metric_of_language_model(const RunOptions& options) {
  for (const auto& name : options.train.validate.metrics) {
    if (need_outputs({name}))
      return fmt::format(
          "`{}` compares translations, which a language model (`task: lm`) does not make; use `perplexity`", name);
  }
  return {};
}

/// The training text is known to be no longer than `data.max_length`.
std::string wrong_length(const RunOptions& options, const Registries& registries) {
  const auto model = outline_of(options, registries);
  if (!model) return {};
  const int64_t longest = std::min(model->longest_source(), model->longest_target());
  const int64_t allowed = options.data.clean.max_length;
  if (allowed < longest) return {};
  return fmt::format(
      "allows {} plus one symbol, but the model has learned positions for {}. Set `data.max_length` to at most {}, "
      "or the model's `longest` to {}",
      format_count(allowed, "token"), format_count(longest), longest - 1, allowed + 1);
}

/// Returns true if the objective cannot read the attention of the model.
bool lacks_attention(const RunOptions& options, const Registries& registries) {
  const auto model = outline_of(options, registries);
  return model && !model->differentiates_attention();
}

std::string wrong_coverage_loss(const RunOptions& options, const Registries& registries) {
  if (options.train.coverage_loss == 0 || !lacks_attention(options, registries)) return {};
  return "needs attention with differentiable weights. Set `model.attention.kind` to a kind other than none and "
         "multi_head, or `train.coverage_loss: 0`";
}

/// Replacing unknown words needs attention, which relates them to source words.
std::string wrong_replacement(const RunOptions& options, const Registries& registries) {
  if (options.decode.unknown.kind != decode::UnknownOptions::Kind::replace) return {};
  const auto model = outline_of(options, registries);
  return model == nullptr || model->attends()
             ? ""
             : "`replace` takes the source word that the model attends to most, but this model has no attention. Use "
               "`keep` or `drop`, or train a model with `model.attention.kind`";
}

std::string wrong_guided_alignment(const RunOptions& options, const Registries& registries) {
  if (options.train.guided_alignment.weight == 0) return {};
  const auto& files = options.data.train.alignment;
  if (std::ranges::all_of(files, [](const auto& file) { return file.empty(); }))
    return "needs word alignments. Name a file of them for the training text in `data.train.alignment`";
  if (!lacks_attention(options, registries)) return {};
  return "needs attention with differentiable weights. Set `model.attention.kind` to a kind other than none and "
         "multi_head, or `train.guided_alignment.weight: 0`";
}

/// Exact search compares the scores of the beam with log-probabilities.
std::string wrong_search(const RunOptions& options, const Registries& registries) {
  if (options.decode.search != decode::SearchKind::exact) return {};
  const auto model = outline_of(options, registries);
  return model && model->output().ranks_by_logits()
             ? "`exact` needs normalized probabilities, but a model with `model.output.self_normalized` searches "
               "without them. Use `beam`"
             : "";
}

std::string wrong_coverage_penalty(const RunOptions& options, const Registries& registries) {
  if (options.decode.coverage_penalty == 0) return {};
  const auto model = outline_of(options, registries);
  return model == nullptr || model->attends() ? "" : "needs attention weights, and this model has no attention. Use 0";
}

}  // namespace

void declare_rules(config::Keys& keys, const RunOptions& options, const Registries& registries) {
  keys.rule("train.validate.metrics", [&options] {
    const auto unknown = unknown_metric(options.train.validate.metrics);
    return unknown.empty() && options.data.task == data::Task::lm ? wrong_metric_of_language_model(options) : unknown;
  });
  keys.rule("train.validate.patience", [&options] {
    return options.train.validate.patience > 0 && !options.data.validation.named() ? no_validation : "";
  });
  keys.rule("train.schedule", [&options, &registries] {
    const bool needed = registries.schedules.make(options.train.schedule)->needs_validation();
    return needed && !options.data.validation.named() ? no_validation : "";
  });
  keys.rule("data.max_length", [&options, &registries] { return wrong_length(options, registries); });
  keys.rule("train.label_smoothing", [&options, &registries] { return wrong_smoothing(options, registries); });
  keys.rule("model.pretrained.target", [&options, &registries] { return wrong_pretrained(options, registries); });
  keys.rule("data.shared_vocabulary",
            [&keys, &options, &registries] { return wrong_shared_vocabulary(keys, options, registries); });
  keys.rule("model.embedding.shared", [&options, &registries] { return wrong_sharing(options, registries); });
  keys.rule("model.multi_source", [&options, &registries] { return wrong_parts(options, registries); });
  keys.rule("model.factors", [&options, &registries] { return wrong_factors(options, registries); });
  keys.rule("train.coverage_loss", [&options, &registries] { return wrong_coverage_loss(options, registries); });
  keys.rule("decode.rescore.feature_weights",
            [&options] { return wrong_feature_weights(options.decode.rescore.feature_weights); });
  keys.rule("train.guided_alignment.weight",
            [&options, &registries] { return wrong_guided_alignment(options, registries); });
  keys.rule("decode.minimum_bayes_risk", [&options] { return wrong_minimum_bayes_risk(options.decode); });
  keys.rule("decode.search", [&options, &registries] { return wrong_search(options, registries); });
  keys.rule("decode.coverage_penalty", [&options, &registries] { return wrong_coverage_penalty(options, registries); });
  keys.rule("decode.unknown.kind", [&options, &registries] { return wrong_replacement(options, registries); });
  keys.rule("train.freeze", [&options, &registries] { return wrong_freeze(options, registries); });
}

}  // namespace seq2seq::run
