#include "seq2seq/decode/search.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

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

void declare(config::Keys& keys, DecodeOptions& options) {
  keys.add("beam", options.beam, "hypotheses kept at each step; 1: greedy search. Larger is slower").at_least(1);
  keys.add("n_best", options.n_best, "outputs per source, at most `beam`").at_least(1);
  keys.section("max_length", options.max_length, "maximum length of outputs; longer hypotheses are cut and marked");
  keys.add("oracle_length", options.oracle_length,
           "make each output as long as its first reference, regardless of `max_length`; needs references");
  keys.add("refill", options.refill, "refill the place of a finished hypothesis in the beam; false: the beam shrinks");
  keys.add("batch", options.batch, "sources searched together; larger is faster and costs memory")
      .unit("sentences")
      .at_least(1)
      .changes_no_result();
  keys.add("allow_unknown", options.allow_unknown, "allow the unknown word `<unk>` in outputs");
  keys.add("precision", options.precision, {{"float32", nn::Precision::float32}}, "floating-point type of the search");
  keys.add("empty_source", options.empty_source, {{"empty", EmptySource::empty}, {"translate", EmptySource::translate}},
           "output of `translate` for an empty line. empty: an empty line; translate: the result of the search, as in "
           "`evaluate` and studies")
      .changes_no_result();
  keys.rule("n_best", [&options] { return options.n_best <= options.beam ? "" : "must not be larger than `beam`"; });
}

std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const nn::Packed& sources,
                                            const std::vector<OutputLength>& lengths, const DecodeOptions& options) {
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
                                   .refill = options.refill});
    step.add(beams.back(), static_cast<int64_t>(beams.size()) - 1);
  }
  const auto state = predictor.start(sources);
  while (!step.survivors.empty()) {
    // One extension of a hypothesis may end; K others may all be live in the next step.
    predictor.read(*state, at::tensor(step.survivors), at::tensor(step.tokens));
    step = extend(beams, predictor.best(*state, options.beam + 1, /*bans=*/{}));
  }
  std::vector<std::vector<Hypothesis>> outputs;
  outputs.reserve(beams.size());
  for (const auto& beam : beams) outputs.push_back(beam.best());
  return outputs;
}

}  // namespace seq2seq::decode
