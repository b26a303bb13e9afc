#include "seq2seq/decode/search.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/decode/beam.h"

namespace seq2seq::decode {
namespace {

/// Next input of the predictor: for each live hypothesis of all beams, its origin and its last word.
struct Step {
  std::vector<int64_t> survivors;
  std::vector<int64_t> tokens;

  /// `first_row`: where the beam's hypotheses began in the step before.
  void add(const Beam& beam, int64_t first_row) {
    for (const auto& live : beam.live()) {
      survivors.push_back(first_row + live.parent);
      tokens.push_back(live.word);
    }
  }
};

/// Gives each beam its rows. A beam whose search is over has none, and is never computed on again.
Step extend(std::vector<Beam>& beams, const nn::TopK& best) {
  const at::Tensor scores = best.scores.to(at::kCPU).contiguous(),
                   words = best.ids.to(at::kCPU).contiguous();  // [R, k]
  const int64_t width = scores.size(1);
  Step next;
  int64_t row = 0;
  for (auto& beam : beams) {
    const auto rows = static_cast<int64_t>(beam.live().size());
    if (rows == 0) continue;
    beam.extend({.scores = scores.const_data_ptr<double>() + row * width,
                 .words = words.const_data_ptr<int64_t>() + row * width,
                 .width = width});
    next.add(beam, row);
    row += rows;
  }
  return next;
}

/// Words that the live hypotheses may not write next.
nn::Bans bans_of(const std::vector<Beam>& beams) {
  std::vector<int64_t> rows, words;
  int64_t first = 0;
  for (const auto& beam : beams) {
    beam.add_repeats(first, rows, words);
    first += std::ssize(beam.live());
  }
  if (rows.empty()) return {};
  return {.words = {}, .rows = at::tensor(rows), .row_words = at::tensor(words)};
}

/// SHA-256 of the weights that a run is used with: what its path stands for in a digest.
std::string weights_digest(const std::filesystem::path& run) {
  if (run.empty()) return {};
  const RunFolder folder(run);
  for (const auto& name : {folder.best(), folder.last()}) {
    if (!std::filesystem::exists(name)) continue;
    auto update = disk_files().read(name);
    update.erase(update.find_last_not_of('\n') + 1);
    return sha256_of_file(folder.checkpoints() / update / "weights.safetensors");
  }
  throw Error(Place{.file = run.string(), .part = "decode.language_model.run"}, "is not a trained run",
              "Name the folder that `seq2seq train` wrote for a language model (`task: lm`)");
}

}  // namespace

void declare(config::Keys& keys, MaxLengthOptions& options) {
  keys.add("ratio", options.ratio, "maximum number of tokens per source token").unit("tokens").at_least(0);
  keys.add("plus", options.plus, "tokens added to `ratio` times the length of the source").unit("tokens").at_least(0);
  keys.add("limit", options.limit, "absolute maximum").unit("tokens").at_least(1);
}

int64_t longest_output(const MaxLengthOptions& options, int64_t source_tokens) {
  // 1.1 * 10 is a little more than 11, and should not count as 12.
  const double by_ratio = std::ceil(options.ratio * static_cast<double>(source_tokens) - 1e-9);
  const double longest = std::min(by_ratio + static_cast<double>(options.plus), static_cast<double>(options.limit));
  return static_cast<int64_t>(longest);
}

void declare(config::Keys& keys, FusionOptions& options) {
  keys.add("run", options.run,
           "folder of a run of `task: lm` with the words of this model's target; its best checkpoint is used")
      .digest([&options] { return weights_digest(options.run); });
  keys.add("weight", options.weight,
           "what its log-probabilities are multiplied by before they are added to the model's; 0: not used")
      .at_least(0);
}

void declare(config::Keys& keys, DecodeOptions& options) {
  keys.add("beam", options.beam, "hypotheses kept at each step; 1: greedy search. Larger is slower").at_least(1);
  keys.add("n_best", options.n_best, "outputs per source, at most `beam` unless `search: sample`").at_least(1);
  keys.section("max_length", options.max_length, "maximum length of outputs; longer hypotheses are cut and marked");
  keys.add("oracle_length", options.oracle_length,
           "make each output as long as its first reference, regardless of `max_length`; needs references");
  keys.add("min_length", options.min_length, "shortest output, where the longest length allows it")
      .unit("tokens")
      .at_least(0);
  keys.section("length_normalization", options.length_normalization,
               "how outputs of different lengths are compared; without it short ones are favoured");
  keys.add("patience", options.patience,
           "the beam search of a source ends once `patience` times `beam` outputs are complete, as most toolkits do at "
           "1; "
           "0: when no hypothesis can still win, which is exact")
      .at_least(0);
  keys.add("no_repeat_ngram", options.no_repeat_ngram,
           "no output has an n-gram of so many tokens twice; 0: any may repeat")
      .at_least(0);
  keys.add("search", options.search, {{"beam", SearchKind::beam}, {"sample", SearchKind::sample}},
           "beam: the best outputs; sample: `n_best` outputs are drawn at random");
  keys.section("sample", options.sample, "what `search: sample` draws from");
  keys.add("refill", options.refill, "refill the place of a finished hypothesis in the beam; false: the beam shrinks");
  keys.add("batch", options.batch, "sources searched together; larger is faster and costs memory")
      .unit("sentences")
      .at_least(1)
      .changes_no_result();
  keys.add("allow_unknown", options.allow_unknown, "allow the unknown word `<unk>` in outputs");
  keys.section("unknown", options.unknown, "how outputs show the unknown word, where `allow_unknown` allows it");
  keys.add("ensemble", options.ensemble,
           {{"probabilities", EnsembleMean::probabilities}, {"log_probabilities", EnsembleMean::log_probabilities}},
           "what the runs of an ensemble (`--with`) take the weighted mean of");
  keys.add("precision", options.precision, {{"float32", nn::Precision::float32}}, "floating-point type of the search");
  keys.section(
      "language_model", options.language_model,
      "a language model that takes part in the search: shallow fusion, Gulcehre et al. 2015, arXiv 1503.03535");
  keys.add("empty_source", options.empty_source, {{"empty", EmptySource::empty}, {"translate", EmptySource::translate}},
           "output of `translate` for an empty line. empty: an empty line; translate: the result of the search, as in "
           "`evaluate` and studies")
      .changes_no_result();
  keys.rule("unknown.kind", [&options] {
    return options.unknown.kind == UnknownOptions::Kind::keep || options.allow_unknown
               ? ""
               : "changes nothing, because outputs have no `<unk>`. Set `decode.allow_unknown: true`";
  });
  keys.rule("min_length", [&options] {
    return options.min_length <= options.max_length.limit ? "" : "must not be larger than `max_length.limit`";
  });
  keys.rule("search", [&options] {
    if (options.search == SearchKind::beam) return "";
    return options.patience > 0 || options.no_repeat_ngram > 0
               ? "`sample` draws outputs at random: `patience` and `no_repeat_ngram` are for `search: beam`"
               : "";
  });
  keys.rule("sample", [&options] {
    const auto& sample = options.sample;
    const bool plain = sample.temperature == 1 && sample.top_k == 0 && sample.top_p == 1 && sample.epsilon == 0;
    return options.search == SearchKind::sample || plain ? "" : "is for `search: sample`, which is not set";
  });
  keys.rule("n_best", [&options] {
    return options.search == SearchKind::sample || options.n_best <= options.beam
               ? ""
               : fmt::format(
                     "{} outputs cannot come from a beam of {}; set `decode.beam` (`--beam {}`) or ask for fewer",
                     options.n_best, options.beam, options.n_best);
  });
}

std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const Sources& sources,
                                            const std::vector<OutputLength>& lengths, const DecodeOptions& options) {
  if (options.search == SearchKind::beam) return beam_search(predictor, sources, lengths, options);
  return draw_samples(predictor, sources, lengths,
                      {.sample = options.sample,
                       .draws = options.n_best,
                       .allow_unknown = options.allow_unknown,
                       .normalization = options.length_normalization});
}

std::vector<std::vector<Hypothesis>> beam_search(const Predictor& predictor, const Sources& sources,
                                                 const std::vector<OutputLength>& lengths,
                                                 const DecodeOptions& options) {
  TORCH_CHECK(options.beam >= 1 && options.n_best >= 1, "a search needs a beam and outputs of at least 1");
  TORCH_CHECK(sources.sentences() == std::ssize(lengths), "one length a source");
  if (lengths.empty()) return {};
  std::vector<Beam> beams;
  Step step;
  for (const auto& length : lengths) {
    beams.emplace_back(BeamOptions{.places = options.beam,
                                   .n_best = options.n_best,
                                   .shortest = length.shortest,
                                   .longest = length.longest,
                                   .refill = options.refill,
                                   .patience = options.patience,
                                   .no_repeat = options.no_repeat_ngram,
                                   .normalization = options.length_normalization});
    step.add(beams.back(), static_cast<int64_t>(beams.size()) - 1);
  }
  const auto state = predictor.start(sources);
  while (!step.survivors.empty()) {
    // One extension of a hypothesis may end; K others may all be live in the next step.
    predictor.read(*state, at::tensor(step.survivors), at::tensor(step.tokens));
    step = extend(beams, predictor.best(*state, options.beam + 1, bans_of(beams)));
  }
  std::vector<std::vector<Hypothesis>> outputs;
  outputs.reserve(beams.size());
  for (const auto& beam : beams) outputs.push_back(beam.best());
  return outputs;
}

}  // namespace seq2seq::decode
