#include "seq2seq/decode/search.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/decode/beam_search.h"
#include "seq2seq/decode/exact_search.h"
#include "seq2seq/train/checkpoint_folder.h"

namespace seq2seq::decode {
namespace {

/// SHA-256 of the weights of a run. A digest uses it instead of the run's path.
std::string weights_digest(const std::filesystem::path& run) {
  if (run.empty()) return {};
  const RunFolder folder(run);
  const auto update = train::best_update(disk_files(), folder);
  if (!update)
    throw Error(Place{.file = run.string(), .part = "decode.language_model.run"}, "is not a trained run",
                "Name the folder that `seq2seq train` wrote for a language model (`task: lm`)");
  return sha256_of_file(folder.checkpoint(*update) / "weights.safetensors");
}

/// Returns the reason why `search` cannot be combined with other settings, or an empty string.
std::string contradicting_search(const DecodeOptions& options) {
  const bool grouped = options.diverse_beam.groups > 1;
  if (options.search == SearchKind::exact) {
    if (options.patience > 0)
      return "`exact` finds the best of all outputs, so it cannot be combined with `patience`, which ends a search "
             "early";
    if (grouped) return "`exact` finds the best of all outputs, so it cannot be combined with `diverse_beam`";
  }
  if (options.search == SearchKind::sample) {
    if (options.patience > 0 || options.no_repeat_ngram > 0 || grouped)
      return "`sample` draws outputs at random, so it cannot be combined with `patience`, `no_repeat_ngram` or "
             "`diverse_beam`";
    if (options.repetition_penalty != 1 || options.coverage_penalty > 0)
      return "`sample` draws outputs at random, so it cannot be combined with `repetition_penalty` or "
             "`coverage_penalty`";
  }
  return {};
}

}  // namespace

void declare(config::Keys& keys, DiverseBeamOptions& options) {
  keys.add("groups", options.groups, "groups of `beam` / `groups` hypotheses each; 1: no groups").at_least(1);
  keys.add("strength", options.strength,
           "amount that a word loses, in the ranking of a step, for each hypothesis of an earlier group that just "
           "chose it")
      .at_least(0);
}

ScoringRule scoring_rule(const DecodeOptions& options) {
  return {.normalization = options.length_normalization,
          .repetition = options.repetition_penalty,
          .coverage = options.coverage_penalty};
}

void declare(config::Keys& keys, MaxLengthOptions& options) {
  keys.add("ratio", options.ratio, "maximum number of tokens per source token").unit("tokens").at_least(0);
  keys.add("plus", options.plus, "tokens added to `ratio` times the length of the source")
      .unit("tokens")
      .at_least(0)
      .at_most(1e9);
  keys.add("limit", options.limit, "absolute maximum").unit("tokens").at_least(1).at_most(1e9);
}

int64_t longest_output(const MaxLengthOptions& options, int64_t source_tokens) {
  // 1.1 * 10 is slightly more than 11, but should not count as 12.
  const double by_ratio = std::ceil(options.ratio * static_cast<double>(source_tokens) - 1e-9);
  const double longest = std::min(by_ratio + static_cast<double>(options.plus), static_cast<double>(options.limit));
  return static_cast<int64_t>(longest);
}

void declare(config::Keys& keys, FusionOptions& options) {
  keys.add("run", options.run,
           "folder of a run of `task: lm` with the words of this model's target; its best checkpoint is used")
      .digest([&options] { return weights_digest(options.run); });
  keys.add("weight", options.weight, "factor of its log-probabilities, which are added to the model's; 0: not used")
      .at_least(0);
}

namespace {

void declare_lengths(config::Keys& keys, DecodeOptions& options) {
  keys.add("beam", options.beam, "hypotheses kept at each step; 1: greedy search. Larger is slower")
      .at_least(1)
      .at_most(1e6);
  keys.add("n_best", options.n_best, "outputs per source, at most `beam` unless `search: sample`")
      .at_least(1)
      .at_most(1e6);
  keys.section("max_length", options.max_length, "maximum length of outputs; longer hypotheses are cut and marked");
  keys.add("oracle_length", options.oracle_length,
           "make each output as long as its first reference, regardless of `max_length`; needs references");
  keys.add("min_length", options.min_length, "minimum length of outputs, as far as the maximum length allows it")
      .unit("tokens")
      .at_least(0)
      .at_most(1e9);
  keys.section("length_normalization", options.length_normalization,
               "comparison of outputs of different lengths; without it, short outputs are favoured");
}

void declare_penalties(config::Keys& keys, DecodeOptions& options) {
  keys.add("repetition_penalty", options.repetition_penalty,
           "factor of the log-probability of a word that the output already contains (Keskar et al. 2019)")
      .at_least(1);
  keys.add("coverage_penalty", options.coverage_penalty,
           "weight of a penalty on outputs whose attention leaves out source words: beta of Wu et al. 2016, "
           "equation 14; needs attention")
      .at_least(0);
  keys.section("diverse_beam", options.diverse_beam,
               "groups of hypotheses that are penalized for equal words (Vijayakumar et al. 2016, arXiv 1610.02424)");
  keys.add("patience", options.patience,
           "end the beam search of a source when `patience` times `beam` outputs are complete; most toolkits use 1. "
           "0: when no hypothesis can still win, which is exact")
      .at_least(0);
  keys.add("no_repeat_ngram", options.no_repeat_ngram,
           "forbid outputs that contain an n-gram of this many tokens twice; 0: any may repeat")
      .at_least(0);
}

void declare_search(config::Keys& keys, DecodeOptions& options) {
  keys.add("search", options.search,
           {{"beam", SearchKind::beam}, {"sample", SearchKind::sample}, {"exact", SearchKind::exact}},
           "beam: the best outputs that beam search finds; sample: `n_best` outputs, drawn at random; exact: the best "
           "of all "
           "outputs, by branch and bound that starts from the outputs of beam search (Stahlberg and Byrne 2019)");
  keys.section("sample", options.sample, "distribution that `search: sample` draws from");
  keys.add("minimum_bayes_risk", options.minimum_bayes_risk,
           "with `search: sample`: write the sample that is most similar to all `n_best` samples, on average, by this "
           "metric: bleu, chrf, ... (Eikema and Aziz 2020); none: the most probable one");
  keys.add("exact_nodes", options.exact_nodes,
           "largest number of partial outputs that `search: exact` extends for a source; a search that needs more is "
           "stopped, and counted as not exact")
      .at_least(1);
}

void declare_output(config::Keys& keys, DecodeOptions& options) {
  keys.add("refill", options.refill, "refill the place of a finished hypothesis in the beam; false: the beam shrinks");
  keys.add("batch", options.batch, "sources searched together; larger is faster and costs memory")
      .unit("sentences")
      .at_least(1)
      .at_most(1e9)
      .changes_no_result();
  keys.add("allow_unknown", options.allow_unknown, "allow the unknown word `<unk>` in outputs");
  keys.section("unknown", options.unknown, "treatment of the unknown word in outputs, if `allow_unknown` allows it");
  keys.add("ensemble", options.ensemble,
           {{"probabilities", EnsembleMean::probabilities}, {"log_probabilities", EnsembleMean::log_probabilities}},
           "quantity that an ensemble (`--with`) averages, with the weights of its runs");
  keys.add("precision", options.precision, {{"float32", nn::Precision::float32}}, "floating-point type of the search");
  keys.section("language_model", options.language_model,
               "language model for the search: shallow fusion, Gulcehre et al. 2015, arXiv 1503.03535");
  keys.section(
      "rescore", options.rescore,
      "choose outputs from an n-best list of another system, in `evaluate` and studies, as in table 2 of arXiv "
      "1409.3215");
  keys.add("empty_source", options.empty_source, {{"empty", EmptySource::empty}, {"translate", EmptySource::translate}},
           "output of `translate` for an empty line. empty: an empty line; translate: the result of the search, as in "
           "`evaluate` and studies")
      .changes_no_result();
}

/// Rejects settings that contradict each other.
void add_contradictions(config::Keys& keys, const DecodeOptions& options) {
  keys.rule("unknown.kind", [&options] {
    using Kind = UnknownOptions::Kind;
    const bool of_unknown = options.unknown.kind == Kind::drop || options.unknown.kind == Kind::replace;
    return !of_unknown || options.allow_unknown
               ? ""
               : "changes nothing, because outputs have no `<unk>`. Set `decode.allow_unknown: true`";
  });
  keys.rule("min_length", [&options] {
    if (options.min_length > options.max_length.limit) return "must not be larger than `max_length.limit`";
    return options.max_length.ratio == 0 && options.min_length > options.max_length.plus && !options.oracle_length
               ? "must not be larger than `max_length.plus`, which is the longest output if `max_length.ratio` is 0"
               : "";
  });
  keys.rule("search", [&options] { return contradicting_search(options); });
  keys.rule("diverse_beam", [&options] {
    return options.beam % options.diverse_beam.groups == 0
               ? ""
               : fmt::format("a beam of {} cannot be divided into {} groups of equal size; change `beam` or `groups`",
                             options.beam, options.diverse_beam.groups);
  });
  keys.rule("n_best", [&options] {
    return options.search == SearchKind::sample || options.n_best <= options.beam
               ? ""
               : fmt::format(
                     "{} outputs cannot come from a beam of {}; set `decode.beam` (`--beam {}`) or ask for fewer",
                     options.n_best, options.beam, options.n_best);
  });
}

/// Rejects settings that would have no effect.
void add_settings_without_effect(config::Keys& keys, const DecodeOptions& options) {
  keys.rule("sample", [&options] {
    const auto& sample = options.sample;
    const bool plain = sample.temperature == 1 && sample.top_k == 0 && sample.top_p == 1 && sample.epsilon == 0 &&
                       sample.seed == SampleOptions().seed;
    return options.search == SearchKind::sample || plain ? "" : "has no effect without `search: sample`";
  });
  keys.rule("length_normalization.alpha", [&options] {
    const LengthNormalization usual;
    return options.length_normalization.kind == LengthNormalization::Kind::gnmt ||
                   options.length_normalization.alpha == usual.alpha
               ? ""
               : "has no effect without `length_normalization.kind: gnmt`";
  });
  keys.rule("diverse_beam.strength", [&options] {
    return options.diverse_beam.groups > 1 || options.diverse_beam.strength == DiverseBeamOptions().strength
               ? ""
               : "has no effect without `diverse_beam.groups` of at least 2";
  });
  keys.rule("language_model.weight", [&options] {
    return !options.language_model.run.empty() || options.language_model.weight == FusionOptions().weight
               ? ""
               : "has no effect without `language_model.run`";
  });
  keys.rule("exact_nodes", [&options] {
    return options.search == SearchKind::exact || options.exact_nodes == DecodeOptions().exact_nodes
               ? ""
               : "has no effect without `search: exact`";
  });
}

}  // namespace

void declare(config::Keys& keys, DecodeOptions& options) {
  declare_lengths(keys, options);
  declare_penalties(keys, options);
  declare_search(keys, options);
  declare_output(keys, options);
  add_contradictions(keys, options);
  add_settings_without_effect(keys, options);
}

std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const Sources& sources,
                                            const std::vector<OutputLength>& lengths, const DecodeOptions& options,
                                            const std::vector<OutputConstraints>& constraints) {
  if (options.search == SearchKind::beam) return beam_search(predictor, sources, lengths, options, constraints);
  if (options.search == SearchKind::exact) return exact_search(predictor, sources, lengths, options, constraints);
  return draw_samples(predictor, sources, lengths,
                      {.sample = options.sample,
                       .draws = options.n_best,
                       .allow_unknown = options.allow_unknown,
                       .normalization = options.length_normalization},
                      constraints);
}

}  // namespace seq2seq::decode
