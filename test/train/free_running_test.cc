#include "seq2seq/train/free_running.h"

#include <functional>
#include <limits>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/random.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/train/objective.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

using Indices = std::vector<int64_t>;
using Sentences = std::vector<std::vector<int64_t>>;

const nn::Draw draw{.seed = 4, .update = 9};

Sentences inputs_of(const TinyRun& run, const Indices& pairs, double teacher_forcing, const nn::Draw& drawn = draw,
                    SampleBy by = SampleBy::pair) {
  const auto batch = data::make_batch(run.corpus, pairs, run.text);
  const auto memory = run.model->encode(batch.source, &drawn);
  return data::unpack(decoder_inputs(*run.model, memory, batch, teacher_forcing, drawn, by));
}

Sentences targets_of(const TinyRun& run, const Indices& pairs) {
  return data::unpack(data::make_batch(run.corpus, pairs, run.text).inputs);
}

/// Computes the same for one pair in a plain way: after every word, reads the whole text so far again and scores each
/// word of the vocabulary. `reads_target`: whether the word at a position is that of the target.
std::vector<int64_t> written_by_model(
    const TinyRun& run, int64_t pair, const std::function<bool(size_t)>& reads_target = [](size_t) { return false; }) {
  const at::NoGradGuard no_gradient;
  const auto batch = data::make_batch(run.corpus, Indices{pair}, run.text);
  const Indices keys{run.corpus.number(pair)};
  const auto target = data::unpack(batch.inputs).front();
  std::vector<int64_t> words{text::start_id};
  while (std::ssize(words) < batch.target_tokens()) {
    const auto memory = run.model->encode(batch.source, &draw);
    const auto state = run.model->start(memory, at::arange(1, at::kLong));
    const auto rows = run.model->advance(data::pack({words}, keys), *state, &draw).rows;
    const auto last = rows.narrow(0, rows.size(0) - 1, 1);
    int64_t best = -1;
    double best_score = -std::numeric_limits<double>::infinity();
    for (int64_t word = 0; word < run.text.target_vocabulary().size(); ++word) {
      if (word == text::start_id) continue;
      const double score =
          run.model->output().score({.rows = last, .attention = {}}, at::tensor({word}, at::kLong)).item<double>();
      if (score > best_score) best_score = score, best = word;
    }
    words.push_back(reads_target(words.size()) ? target[words.size()] : best);
  }
  return words;
}

}  // namespace

TEST_CASE("free running: a pair reads the words that the model writes, in a batch as alone", "[train][update][batch]") {
  const double dropout = GENERATE(0.0, 0.4);
  CAPTURE(dropout);
  TinyRun run(dropout, {}, at::kDouble);
  randomize(*run.model, 7, at::kDouble);  // large weights, so that no two words are nearly equal
  const Indices pairs{3, 0, 6, 2, 5};
  const auto together = inputs_of(run, pairs, 0);
  for (size_t i = 0; i < pairs.size(); ++i) {
    CAPTURE(pairs[i]);
    CHECK(together[i] == written_by_model(run, pairs[i]));
    CHECK(together[i] == inputs_of(run, {pairs[i]}, 0).front());
  }
  CHECK(together != targets_of(run, pairs));
}

TEST_CASE("free running: which pairs read their target depends on seed, update and pair alone, in the share asked for",
          "[train][update]") {
  TinyRun run;
  const Indices pairs{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto targets = targets_of(run, pairs), written = inputs_of(run, pairs, 0);
  CHECK(inputs_of(run, pairs, 1) == targets);
  constexpr double share = 0.3;
  constexpr int64_t updates = 200;
  int64_t forced = 0, all = 0;
  for (int64_t update = 0; update < updates; ++update) {
    const auto read = inputs_of(run, pairs, share, {.seed = 1, .update = update});
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (targets[i] == written[i]) continue;  // no difference between them
      REQUIRE((read[i] == targets[i] || read[i] == written[i]));
      forced += read[i] == targets[i] ? 1 : 0;
      ++all;
    }
    if (update < 20) {
      for (const int64_t pair : {1, 7})
        REQUIRE(inputs_of(run, {pair}, share, {.seed = 1, .update = update}).front() ==
                read[static_cast<size_t>(pair)]);
    }
  }
  REQUIRE(all >= 5 * updates);
  const auto draws = static_cast<double>(all);
  CHECK_THAT(static_cast<double>(forced) / draws, WithinAbs(share, 4 * std::sqrt(share * (1 - share) / draws)));
}

TEST_CASE("free running: by word, each word is the target's or what the model writes after those it has read",
          "[train][update][batch]") {
  TinyRun run(0.3, {}, at::kDouble);
  randomize(*run.model, 7, at::kDouble);
  const Indices pairs{3, 0, 6, 2, 5};
  const auto targets = targets_of(run, pairs);
  constexpr double share = 0.6;
  const auto together = inputs_of(run, pairs, share, draw, SampleBy::word);
  int64_t own = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    CAPTURE(pairs[i]);
    const auto drawn = [&](size_t position) {
      const auto number = static_cast<uint64_t>(run.corpus.number(pairs[i])) + ((position + 1) << 40U);
      return RandomStream(draw.seed, Purpose::forcing).uniform(number, static_cast<uint32_t>(draw.update)) < share;
    };
    CHECK(together[i] == written_by_model(run, pairs[i], drawn));
    CHECK(together[i] == inputs_of(run, {pairs[i]}, share, draw, SampleBy::word).front());
    for (size_t at = 0; at < targets[i].size(); ++at) own += together[i][at] != targets[i][at] ? 1 : 0;
  }
  CHECK(own > 0);
  CHECK(together != inputs_of(run, pairs, share));
  CHECK(inputs_of(run, pairs, 1, draw, SampleBy::word) == targets);
  CHECK(inputs_of(run, pairs, 0, draw, SampleBy::word) == inputs_of(run, pairs, 0));
}

TEST_CASE("free running: the loss of an update is that of its share in the schedule", "[train][update]") {
  const TinyRun run(0.3, {}, at::kDouble);
  const auto batch = data::make_batch(run.corpus, Indices{3, 0, 6, 2, 5, 7, 8, 9}, run.text);
  LossOptions falling{.teacher_forcing = 0.8};
  falling.scheduled_sampling = {
      .decay = ScheduledSamplingOptions::Decay::linear, .from_update = 2, .to_update = 10, .final = 0.25};
  falling.scheduled_sampling.by = GENERATE(SampleBy::pair, SampleBy::word);
  const auto losses = [&](const LossOptions& options, int64_t update) {
    const nn::Draw now{.seed = 4, .update = update};
    return token_losses(*run.model, batch, options, {}, &now);
  };
  int differ = 0;
  for (const int64_t update : {0, 2, 6, 10, 50}) {
    CAPTURE(update);
    LossOptions constant{.teacher_forcing = update <= 2 ? 0.8 : update == 6 ? 0.5 : 0.2};
    constant.scheduled_sampling.by = falling.scheduled_sampling.by;
    CHECK(losses(falling, update).equal(losses(constant, update)));
    differ += losses(falling, update).equal(losses({.teacher_forcing = 1}, update)) ? 0 : 1;
  }
  CHECK(differ > 2);
}

}  // namespace seq2seq::train
